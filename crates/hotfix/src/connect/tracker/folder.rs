//! The local tracker: a folder of Markdown tickets, one file for each, with
//! `key`, `title` and `status` in their front matter.

use super::{Ticket, Tracker};
use std::io::Write as _;
use std::path::PathBuf;

/// A folder of tickets.
#[derive(Debug, Clone)]
pub struct FolderTracker {
    /// The folder.
    pub folder: PathBuf,
}

impl FolderTracker {
    fn tickets(&self) -> Result<Vec<(String, String)>, String> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(format!("the tickets in {} cannot be read: {e}", self.folder.display())),
        };
        let mut all = Vec::new();
        for path in entries.filter_map(Result::ok).map(|e| e.path()) {
            if path.extension().is_some_and(|e| e == "md") {
                let key = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                all.push((
                    key,
                    std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?,
                ));
            }
        }
        all.sort();
        Ok(all)
    }

    fn next_key(&self) -> Result<String, String> {
        let split = |key: &String| {
            let (prefix, number) = key.rsplit_once('-')?;
            Some((prefix.to_owned(), number.parse::<u64>().ok()?))
        };
        let keys: Vec<_> = self.tickets()?.iter().filter_map(|(k, _)| split(k)).collect();
        let (prefix, number) =
            keys.into_iter().max_by_key(|(_, n)| *n).unwrap_or(("FOLLOW-UP".to_owned(), 0));
        Ok(format!("{prefix}-{}", number + 1))
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let front = text.strip_prefix("---\n")?.split("\n---").next()?;
    front.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(|v| v.trim().trim_matches('"'))
}

impl Tracker for FolderTracker {
    fn read(&self, key: &str) -> Result<Option<Ticket>, String> {
        Ok(self.tickets()?.into_iter().find(|(k, _)| k == key).map(|(key, text)| Ticket {
            title: field(&text, "title").unwrap_or(&key).to_owned(),
            open: !field(&text, "status").is_some_and(|s| s.eq_ignore_ascii_case("closed")),
            text: text.split_once("\n---\n").map_or(text.clone(), |(_, body)| body.trim().to_owned()),
            key,
        }))
    }

    fn file(&self, title: &str, body: &str, labels: &[String], marker: &str) -> Result<String, String> {
        std::fs::create_dir_all(&self.folder).map_err(|e| format!("{}: {e}", self.folder.display()))?;
        let key = self.next_key()?;
        let path = self.folder.join(format!("{key}.md"));
        let quoted = title.replace('"', "'");
        let text = format!(
            "---\nkey: {key}\ntitle: \"{quoted}\"\nstatus: open\nlabels: [{}]\n---\n\n{body}\n\n<!-- {marker} -->\n",
            labels.join(", ")
        );
        let new = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let written = new.and_then(|mut f| f.write_all(text.as_bytes()).and_then(|()| f.sync_all()));
        written.map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
        Ok(key)
    }

    fn find(&self, marker: &str) -> Result<Option<String>, String> {
        let comment = format!("<!-- {marker} -->");
        Ok(self.tickets()?.into_iter().find(|(_, text)| text.contains(&comment)).map(|(key, _)| key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_filed_once_and_found_by_its_marker() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("SPF-1290.md"),
            "---\nkey: SPF-1290\ntitle: \"Sign-in\"\nstatus: open\n---\n\nText.\n",
        )
        .unwrap();
        let tracker = FolderTracker { folder: dir.path().to_owned() };
        assert_eq!(tracker.find("run x").unwrap(), None);
        let key = tracker.file("Do it \"properly\"", "Body", &["hotfix".into()], "run x").unwrap();
        assert_eq!(key, "SPF-1291");
        assert_eq!(tracker.find("run x").unwrap().as_deref(), Some("SPF-1291"));
        let ticket = tracker.read("SPF-1290").unwrap().unwrap();
        assert_eq!((ticket.title.as_str(), ticket.open, ticket.text.as_str()), ("Sign-in", true, "Text."));
    }
}
