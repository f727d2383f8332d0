//! A change as the change gates read it: the diff of two trees, the whole
//! text of what is a program or a manifest, and what git's attributes say
//! (those of the base: a change cannot declare itself generated).

use super::{Git, GitError, tree};
use hotfix_core::change::{self, Change, FileChange, Origin, Texts};
use std::collections::HashMap;

/// Larger texts are left where they are.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// What lies between two trees or commits.
pub fn read(git: &Git, old: &str, new: &str) -> Result<Change, GitError> {
    let mut change = change::parse(&tree::diff(git, old, new)?);
    if change.files.is_empty() {
        return Ok(change);
    }
    let mut texts = texts(git, (old, new), &change.files)?;
    let origins = origins(git, old, &change.files)?;
    for file in &mut change.files {
        let before = file.old_path.clone().unwrap_or_else(|| file.path.clone());
        file.texts = Texts {
            before: texts.remove(&(Side::Old, before)),
            after: texts.remove(&(Side::New, file.path.clone())),
        };
        file.origin = origins.get(&file.path).copied().unwrap_or_default();
    }
    Ok(change)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Old,
    New,
}

/// The texts that say more than the diff, in one go.
fn texts(
    git: &Git,
    (old, new): (&str, &str),
    files: &[FileChange],
) -> Result<HashMap<(Side, String), String>, GitError> {
    let wanted: Vec<(Side, String)> = files
        .iter()
        .filter(|file| file.wants_texts())
        .flat_map(|file| {
            let before = file.old_path.clone().unwrap_or_else(|| file.path.clone());
            [(Side::Old, before), (Side::New, file.path.clone())]
        })
        .collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let name =
        |(side, path): &(Side, String)| format!("{}:{path}\0", if *side == Side::Old { old } else { new });
    let input: String = wanted.iter().map(name).collect();
    let answer = git.feed_bytes(["cat-file", "--batch", "-z"], input.as_bytes())?;
    let mut rest = answer.as_slice();
    let mut out = HashMap::new();
    for key in wanted {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else { break };
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        // `OBJECT blob SIZE`, or `NAME missing`.
        let mut words = head.rsplit(' ');
        let size = words.next().and_then(|size| size.parse::<usize>().ok());
        let Some(size) = size.filter(|size| *size < rest.len()) else { continue };
        let blob = words.next() == Some("blob");
        let bytes = &rest[..size];
        rest = &rest[size + 1..];
        if blob && size <= MAX_TEXT && !bytes.contains(&0) {
            out.insert(key, String::from_utf8_lossy(bytes).into_owned());
        }
    }
    Ok(out)
}

/// Who wrote each file, as the attributes of a commit or tree say.
fn origins(git: &Git, at: &str, files: &[FileChange]) -> Result<HashMap<String, Origin>, GitError> {
    let input: String = files.iter().flat_map(|file| [file.path.as_str(), "\0"]).collect();
    let answer = tree::attributes(git, at, &["linguist-generated", "linguist-vendored"], input.as_bytes())?;
    let mut out = HashMap::new();
    for (path, attribute, value) in answer {
        if matches!(value.as_str(), "set" | "true") {
            let origin = if attribute == "linguist-generated" { Origin::Generated } else { Origin::Vendored };
            out.insert(path, origin);
        }
    }
    Ok(out)
}
