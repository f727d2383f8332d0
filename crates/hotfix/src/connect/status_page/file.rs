//! The local status page: a Markdown file, an entry a line.

use super::StatusPage;
use crate::connect::chat::{Chat as _, file::FileChat};
use std::path::PathBuf;

/// A folder with `status.md`.
#[derive(Debug, Clone)]
pub struct FileStatusPage {
    /// The folder.
    pub folder: PathBuf,
}

impl FileStatusPage {
    fn file(&self) -> FileChat {
        FileChat { folder: self.folder.clone() }
    }
}

impl StatusPage for FileStatusPage {
    fn set(&self, state: &str, text: &str, marker: &str) -> Result<(), String> {
        self.file().send("status", &format!("**{state}** {text}"), marker)
    }

    fn has(&self, marker: &str) -> Result<bool, String> {
        self.file().has("status", marker)
    }
}
