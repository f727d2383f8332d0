//! The local chat: a Markdown file for each channel.

use super::Chat;
use hotfix_core::text::{one_line, slug};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

/// A folder with a file for each channel.
#[derive(Debug, Clone)]
pub struct FileChat {
    /// The folder.
    pub folder: PathBuf,
}

impl FileChat {
    fn path(&self, channel: &str) -> PathBuf {
        let name = slug(channel);
        self.folder.join(if name.is_empty() { "channel.md".to_owned() } else { format!("{name}.md") })
    }
}

impl Chat for FileChat {
    fn send(&self, channel: &str, text: &str, marker: &str) -> Result<(), String> {
        let path = self.path(channel);
        let fail = |e: std::io::Error| format!("{} cannot be written: {e}", path.display());
        std::fs::create_dir_all(&self.folder).map_err(fail)?;
        let line = format!("- {} <!-- {marker} -->\n", one_line(text));
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(fail)
    }

    fn has(&self, channel: &str, marker: &str) -> Result<bool, String> {
        match std::fs::read_to_string(self.path(channel)) {
            Ok(text) => Ok(text.contains(&format!("<!-- {marker} -->"))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let chat = FileChat { folder: dir.path().join("c") };
        assert!(!chat.has("#incident", "m1").unwrap());
        chat.send("#incident", "hello\n<!-- m2 -->", "m1").unwrap();
        assert!(chat.has("#incident", "m1").unwrap());
        assert_eq!(std::fs::read_to_string(dir.path().join("c/incident.md")).unwrap().lines().count(), 1);
    }
}
