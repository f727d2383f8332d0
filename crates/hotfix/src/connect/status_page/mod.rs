//! Status pages: where customers are told.

pub mod file;

/// A status page.
pub trait StatusPage {
    /// Sets the incident's state there.
    fn set(&self, state: &str, text: &str, marker: &str) -> Result<(), String>;
    /// Whether the entry with this marker is there.
    fn has(&self, marker: &str) -> Result<bool, String>;
}
