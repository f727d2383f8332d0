//! Trackers: where tickets live.

pub mod folder;

/// A ticket, as far as a hotfix needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Whether it is open.
    pub open: bool,
    /// Its text, Markdown.
    pub text: String,
}

/// A tracker.
pub trait Tracker {
    /// The ticket of this key.
    fn read(&self, key: &str) -> Result<Option<Ticket>, String>;
    /// Files a ticket; its key.
    fn file(&self, title: &str, body: &str, labels: &[String], marker: &str) -> Result<String, String>;
    /// The key of the ticket with this marker.
    fn find(&self, marker: &str) -> Result<Option<String>, String>;
}
