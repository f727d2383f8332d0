//! The families of the commands that run right now: whoever must leave at
//! once ends them first.

use super::family::Family;
use std::sync::{Mutex, PoisonError};

static LIVE: Mutex<Vec<(u64, Family)>> = Mutex::new(Vec::new());

/// Held while a command runs.
#[derive(Debug)]
pub struct Live(u64);

/// A command has begun.
pub fn enter(family: &Family) -> Live {
    let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
    let id = live.last().map_or(1, |(id, _)| id + 1);
    live.push((id, family.clone()));
    Live(id)
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, _)| *id != self.0);
    }
}

/// Ends every command that runs, at once.
pub fn kill_all() {
    // Whoever holds the lock only adds or removes an entry.
    let live: Vec<Family> =
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(_, f)| f.clone()).collect();
    for family in &live {
        family.kill(&mut || true);
    }
}
