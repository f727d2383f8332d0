//! The tokens that `glab`, `gh` and `tea` keep in their own files. Only the
//! entry of the very host is read.

use super::{Found, Secret, Wallet, config_folder};
use hotfix_core::forge::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Deserialize)]
struct Entry {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    oauth_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Glab {
    #[serde(default)]
    hosts: BTreeMap<String, Option<Entry>>,
}

#[derive(Debug, Deserialize)]
struct Tea {
    #[serde(default)]
    logins: Vec<TeaLogin>,
}

#[derive(Debug, Deserialize)]
struct TeaLogin {
    #[serde(default)]
    url: String,
    #[serde(default)]
    token: String,
}

/// The token that another program's file has for the host.
pub fn find(wallet: &Wallet) -> Option<Found> {
    let (secret, path) = match wallet.kind {
        Kind::Gitlab => {
            let path = folder(wallet, "GLAB_CONFIG_DIR", "glab-cli")?.join("config.yml");
            let file: Glab = read(&path)?;
            (token_of(file.hosts, &wallet.host)?, path)
        }
        Kind::Github => {
            let path = folder(wallet, "GH_CONFIG_DIR", "gh")?.join("hosts.yml");
            let file: BTreeMap<String, Option<Entry>> = read(&path)?;
            let there = file.contains_key(&wallet.host);
            match token_of(file, &wallet.host) {
                Some(secret) => (secret, path),
                // gh keeps it in the keyring then, under a name of its own.
                None if there => (super::keyring::get_of(&format!("gh:{}", wallet.host), "")?, path),
                None => return None,
            }
        }
        Kind::Forgejo => {
            let path = config_folder(wallet.env, "tea")?.join("config.yml");
            let file: Tea = read(&path)?;
            let same = |l: &&TeaLogin| {
                let url = format!("{}://{}", wallet.scheme, wallet.host);
                crate::connect::forge::api::same_origin(&l.url, &url)
            };
            (Secret::new(&file.logins.iter().find(same)?.token)?, path)
        }
        Kind::Local => return None,
    };
    Some(Found { secret, from: format!("{}", path.display()) })
}

fn token_of(mut hosts: BTreeMap<String, Option<Entry>>, host: &str) -> Option<Secret> {
    let entry = hosts.remove(host).flatten()?;
    let of = |text: Option<String>| text.and_then(|t| Secret::new(&t));
    of(entry.token).or_else(|| of(entry.oauth_token))
}

fn folder(wallet: &Wallet, variable: &str, program: &str) -> Option<PathBuf> {
    (wallet.env)(variable).map(PathBuf::from).or_else(|| config_folder(wallet.env, program))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    let text = std::fs::read_to_string(path).ok()?;
    serde_saphyr::from_str(&text).ok()
}
