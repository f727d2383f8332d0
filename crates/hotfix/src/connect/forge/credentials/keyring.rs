//! The keyring of the operating system: the secret service on Linux, the
//! keychain on macOS. Where there is none it answers at once that it has nothing.

use super::Secret;
use keyring_core::{Entry, Error};
use std::sync::OnceLock;

/// The name under which our entries stand.
const SERVICE: &str = "hotfix";

/// The token of a host, if the keyring has one.
pub fn get(host: &str) -> Option<Secret> {
    get_of(SERVICE, host)
}

/// A secret of another program's.
pub fn get_of(service: &str, user: &str) -> Option<Secret> {
    ready().ok()?;
    Secret::new(&Entry::new(service, user).ok()?.get_password().ok()?)
}

/// Keeps the token of a host.
pub fn set(host: &str, secret: &Secret) -> Result<(), String> {
    ready()?;
    let entry = Entry::new(SERVICE, host).map_err(|e| e.to_string())?;
    entry.set_password(secret.expose()).map_err(|e| e.to_string())
}

/// Removes the token of a host; whether there was one.
pub fn remove(host: &str) -> Result<bool, String> {
    ready()?;
    match Entry::new(SERVICE, host).and_then(|entry| entry.delete_credential()) {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(e) => Err(e.to_string()),
    }
}

/// Whether there is a keyring, and why not.
pub fn ready() -> Result<(), String> {
    static STORE: OnceLock<Result<(), String>> = OnceLock::new();
    STORE.get_or_init(open).clone()
}

#[cfg(target_os = "linux")]
fn open() -> Result<(), String> {
    let told = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|v| !v.is_empty());
    let there = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists());
    // Without a bus the library would try to start one.
    if !told && !there {
        return Err("no session bus runs here".to_owned());
    }
    let store = dbus_secret_service_keyring_store::Store::new().map_err(|e| e.to_string())?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(target_os = "macos")]
fn open() -> Result<(), String> {
    let store = apple_native_keyring_store::keychain::Store::new().map_err(|e| e.to_string())?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn open() -> Result<(), String> {
    Err("no keyring is known for this system".to_owned())
}
