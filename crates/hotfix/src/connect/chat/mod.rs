//! Chat: where people are told.

pub mod file;

/// A chat.
pub trait Chat {
    /// Sends a message to a channel.
    fn send(&self, channel: &str, text: &str, marker: &str) -> Result<(), String>;
    /// Whether the message with this marker is there.
    fn has(&self, channel: &str, marker: &str) -> Result<bool, String>;
}
