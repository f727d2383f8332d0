//! Who is asking: tokens, and the sessions that they open.
//!
//! A token is `<user>.<signature>`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Signs the tokens of the test shop.
const KEY: &str = "shop-test-key";

/// Sessions live in shards, so that sign-ins do not queue for one lock.
const SHARDS: usize = 8;

/// A full shard lets its oldest session go.
const SHARD_CAPACITY: usize = 48;

/// Why somebody could not be signed in.
#[derive(Debug, PartialEq)]
pub enum AuthError {
    /// We did not sign this token.
    Refused,
    /// The token is ours, and still we cannot use it.
    Broken { user: String, what: &'static str },
}

impl fmt::Display for AuthError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuthError::Refused => write!(out, "token refused"),
            AuthError::Broken { user, what } => {
                write!(out, "cannot validate token for user={user}: {what}")
            }
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: u64,
    pub user: String,
}

/// All sessions of this process.
pub struct Auth {
    shards: Vec<Mutex<VecDeque<Session>>>,
    next: AtomicU64,
}

impl Auth {
    pub fn new() -> Auth {
        Auth {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            next: AtomicU64::new(1),
        }
    }

    /// Opens a session for the user whom the token names.
    pub fn sign_in(&self, token: &str) -> Result<Session, AuthError> {
        self.open(user_of(token)?)
    }

    /// Opens a session for a visitor without a name.
    pub fn guest(&self) -> Result<Session, AuthError> {
        let visitor = self.next.load(Ordering::Relaxed);
        self.open(&format!("guest{visitor}"))
    }

    fn open(&self, user: &str) -> Result<Session, AuthError> {
        let Some(shard) = shard_of(user) else {
            return Err(AuthError::Broken { user: user.to_string(), what: "malformed subject" });
        };
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let session = Session { id, user: user.to_string() };
        let mut sessions = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SHARD_CAPACITY {
            sessions.pop_front();
        }
        sessions.push_back(session.clone());
        Ok(session)
    }
}

/// The shard that keeps a user's session.
fn shard_of(user: &str) -> Option<usize> {
    let mut sum: u32 = 0;
    for character in user.chars() {
        let digit = character.to_digit(36)?;
        sum = sum.wrapping_mul(36).wrapping_add(digit);
    }
    Some((sum / 7) as usize % SHARDS)
}

/// The user whom a token names, if the signature is ours.
fn user_of(token: &str) -> Result<&str, AuthError> {
    let (user, signature) = token.rsplit_once('.').ok_or(AuthError::Refused)?;
    if user.is_empty() || signature != sign(user) {
        return Err(AuthError::Refused);
    }
    Ok(user)
}

/// The signature of a user's token (FNV-1a; a test shop needs no more).
fn sign(user: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in user.bytes().chain(KEY.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(user: &str) -> String {
        format!("{user}.{}", sign(user))
    }

    #[test]
    fn a_signed_token_opens_a_session() {
        let session = Auth::new().sign_in(&token("marta")).unwrap();
        assert_eq!(session.user, "marta");
    }

    #[test]
    fn a_guest_needs_no_token() {
        assert!(Auth::new().guest().is_ok());
    }

    #[test]
    fn every_shard_is_used() {
        let shards: std::collections::BTreeSet<_> =
            (0..200).filter_map(|number| shard_of(&format!("user{number}"))).collect();
        assert_eq!(shards.len(), SHARDS);
    }

    #[test]
    fn a_forged_token_is_refused() {
        let refused = Auth::new().sign_in("marta.0000000000000000");
        assert_eq!(refused.unwrap_err(), AuthError::Refused);
    }

    #[test]
    fn a_token_without_a_user_is_refused() {
        assert_eq!(Auth::new().sign_in(&token("")).unwrap_err(), AuthError::Refused);
        assert_eq!(Auth::new().sign_in("").unwrap_err(), AuthError::Refused);
    }
}
