//! The files beside a page: of a checkout, or of the commit that the page was
//! taken from. Nothing outside of the repository is ever read, also not
//! through a symbolic link.

use crate::git::Git;
use hotfix_core::workflow::{Library, Shelved};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A file larger than this is not handed out, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The files of a folder on disk: a checkout, or the page's own folder where
/// that is in no repository.
#[derive(Debug, Clone)]
pub struct OnDisk {
    /// The folder that nothing leads out of, without symbolic links.
    pub root: PathBuf,
}

impl Library for OnDisk {
    fn file(&self, path: &str) -> Shelved {
        let Ok(real) = self.root.join(path).canonicalize() else { return Shelved::Absent };
        if !real.starts_with(&self.root) {
            return Shelved::Refused("it is a symbolic link out of the repository".to_owned());
        }
        if real.strip_prefix(&self.root).is_ok_and(|inside| inside.starts_with(".git")) {
            return Shelved::Refused("it is git's own".to_owned());
        }
        match std::fs::metadata(&real) {
            Ok(about) if !about.is_file() => Shelved::Absent,
            Ok(about) if about.len() > LARGEST => too_large(about.len()),
            Ok(_) => std::fs::read(&real).map_or(Shelved::Absent, text_of),
            Err(_) => Shelved::Absent,
        }
    }
}

/// The files of a commit.
#[derive(Debug)]
pub struct InCommit {
    git: Git,
    commit: String,
    /// Mode and object of each path, listed when the first is asked for.
    entries: OnceCell<HashMap<String, Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    is_link: bool,
    object: String,
}

/// So many symbolic links lead from one to the next.
const MOST_LINKS: usize = 8;

impl Library for InCommit {
    fn file(&self, path: &str) -> Shelved {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let Some((link, rest)) = self.link_in(&path) else {
                let object = self.entries().get(&path).map(|entry| entry.object.clone());
                return object.map_or(Shelved::Absent, |object| self.blob(&object));
            };
            let target = self.git.bytes(["cat-file", "blob", &link.1]).unwrap_or_default();
            match inside(&link.0, &String::from_utf8_lossy(&target), rest) {
                Some(next) => path = next,
                None => return Shelved::Refused("it is a symbolic link out of the repository".to_owned()),
            }
        }
        Shelved::Refused("its symbolic links turn in a circle".to_owned())
    }
}

/// A path through a symbolic link: the folder of the link, its target, and the rest.
fn inside(folder: &str, target: &str, rest: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').chain(rest.split('/')).filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

impl InCommit {
    /// The files of this commit.
    pub fn new(git: Git, commit: String) -> InCommit {
        InCommit { git, commit, entries: OnceCell::new() }
    }

    fn entries(&self) -> &HashMap<String, Entry> {
        self.entries.get_or_init(|| {
            let list =
                self.git.bytes(["ls-tree", "-r", "-z", "--full-tree", &self.commit]).unwrap_or_default();
            let list = String::from_utf8_lossy(&list);
            let entry = |line: &str| {
                let (about, path) = line.split_once('\t')?;
                let mut words = about.split(' ');
                let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
                let entry = Entry { is_link: mode == "120000", object: object.to_owned() };
                (kind == "blob").then(|| (path.to_owned(), entry))
            };
            list.split('\0').filter_map(entry).collect()
        })
    }

    /// The first symbolic link on the way to a path: its folder and object, and the path's rest.
    fn link_in<'p>(&self, path: &'p str) -> Option<((String, String), &'p str)> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let (above, rest) = (path.get(..end)?, path.get(end..)?);
            if let Some(entry) = self.entries().get(above).filter(|entry| entry.is_link) {
                let folder = above.rsplit_once('/').map_or("", |(folder, _)| folder);
                return Some(((folder.to_owned(), entry.object.clone()), rest));
            }
        }
        None
    }

    fn blob(&self, object: &str) -> Shelved {
        let size = self.git.run(["cat-file", "-s", object]).ok().and_then(|size| size.trim().parse().ok());
        match size {
            Some(size) if size > LARGEST => too_large(size),
            Some(_) => self.git.bytes(["cat-file", "blob", object]).map_or(Shelved::Absent, text_of),
            None => Shelved::Absent,
        }
    }
}

fn too_large(size: u64) -> Shelved {
    Shelved::Refused(format!("it has {} KiB; at most {} are read", size >> 10, LARGEST >> 10))
}

fn text_of(bytes: Vec<u8>) -> Shelved {
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Shelved::Text(text),
        _ => Shelved::Refused("it holds no text".to_owned()),
    }
}

/// The top of the checkout that a folder lies in.
pub fn top_of(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn through_symbolic_links() {
        assert_eq!(inside("docs", "../skills", "/a.md").as_deref(), Some("skills/a.md"));
        assert_eq!(inside("docs", "rules.md", "").as_deref(), Some("docs/rules.md"));
        assert_eq!(inside("docs", "../../etc", "/passwd"), None);
        assert_eq!(inside("docs", "/etc/passwd", ""), None);
    }
}
