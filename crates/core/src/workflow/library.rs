//! The files beside a page: where a link leads, and what is there. Paths are
//! worked out here, from the words alone; the program only hands out texts. It
//! refuses what leads out of the repository, and what is no path in it.

use std::collections::BTreeMap;

/// What a library has under a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelved {
    /// The file's text.
    Text(String),
    /// No such file.
    Absent,
    /// A file that is not handed out, and why (`it is a symbolic link out of the repository`).
    Refused(String),
}

/// The files of a repository as they were at one moment: a checkout, or a commit.
pub trait Library {
    /// The file at a path from the repository's root, with `/` between its parts and no `..`.
    fn file(&self, path: &str) -> Shelved;
}

impl Library for BTreeMap<String, String> {
    fn file(&self, path: &str) -> Shelved {
        self.get(path).map_or(Shelved::Absent, |text| Shelved::Text(text.clone()))
    }
}

/// Where a page stands in its library.
#[derive(Clone, Copy)]
pub struct Shelf<'a> {
    /// The page's path from the root.
    pub path: &'a str,
    /// Whether the root is a repository's. Where it is only the page's own
    /// folder, what lies above it is out of sight and no offence.
    pub in_repository: bool,
    /// The files beside it.
    pub library: &'a dyn Library,
}

/// Why a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is an address on the network, and a page must mean the same without one")]
    Address,
    #[error("it is an absolute path, which is another one on each machine")]
    Absolute,
    #[error("it leads out of the repository")]
    Escapes,
    #[error("it is no path")]
    NoPath,
}

/// A link's path from the root and its anchor, as seen from a file in `folder`.
/// An empty path means the file itself.
pub(crate) fn resolve(folder: &str, link: &str) -> Result<(String, Option<String>), Refusal> {
    let link = unescaped(link.trim().trim_matches(['<', '>', '`', '"', '\'']));
    if link.chars().any(char::is_control) {
        return Err(Refusal::NoPath);
    }
    let scheme = link.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    if scheme || link.starts_with("//") {
        return Err(Refusal::Address);
    }
    let (path, anchor) =
        link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default().replace('\\', "/");
    let drive = path.get(1..2) == Some(":");
    if path.starts_with(['/', '~']) || drive {
        return Err(Refusal::Absolute);
    }
    let anchor = anchor.filter(|anchor| !anchor.is_empty()).map(str::to_owned);
    if path.is_empty() {
        return if anchor.is_some() { Ok((String::new(), anchor)) } else { Err(Refusal::NoPath) };
    }
    Ok((within(folder, &path)?, anchor))
}

/// A relative path from the root, without `.` and `..`.
fn within(folder: &str, path: &str) -> Result<String, Refusal> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop().ok_or(Refusal::Escapes)?;
        } else {
            parts.push(part);
        }
    }
    if parts.is_empty() { Err(Refusal::NoPath) } else { Ok(parts.join("/")) }
}

/// `%20` and the like as characters; what is no escape stays.
fn unescaped(link: &str) -> String {
    let mut bytes = Vec::with_capacity(link.len());
    let mut rest = link.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| link.to_owned())
}

/// The folder of a path; empty for the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and those it lies in, up to the root.
pub(crate) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    let start = Some(folder);
    std::iter::successors(start, |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// The paths under which a skill's file may lie, nearest to the page first.
pub(crate) fn places_of_skill(folder: &str, name: &str) -> Result<Vec<String>, Refusal> {
    let name = name.split('(').next().unwrap_or(name).trim().trim_end_matches('/');
    // `/plan` and `team:plan` are names that agents know, and no places.
    let command = name.strip_prefix('/').filter(|rest| !rest.contains(['/', '.']));
    let name = command.unwrap_or(name);
    if name.contains(':') && !name.contains("://") {
        return Ok(vec![]);
    }
    // What `resolve` refuses from the page's folder is refused from everywhere.
    let (own, _) = resolve(folder, name)?;
    if name.split('/').any(|part| part == "..") {
        return Ok(vec![own]);
    }
    let named: Vec<String> = if name.to_lowercase().ends_with(".md") {
        vec![name.to_owned()]
    } else {
        let homes = ["skills/", "", ".claude/skills/", ".agents/skills/", ".hotfix/skills/"];
        homes.iter().flat_map(|home| [format!("{home}{name}/SKILL.md"), format!("{home}{name}.md")]).collect()
    };
    let mut places = Vec::new();
    for above in upwards(folder) {
        for path in &named {
            let path = within(above, path)?;
            if !places.contains(&path) {
                places.push(path);
            }
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        let ok = |path: &str, anchor: Option<&str>| Ok((path.to_owned(), anchor.map(str::to_owned)));
        let rows = [
            ("../README.md#global-defaults", ok("docs/README.md", Some("global-defaults"))),
            ("./rules.md", ok("docs/flows/rules.md", None)),
            ("my%20rules.md#", ok("docs/flows/my rules.md", None)),
            ("..\\..\\top.md", ok("top.md", None)),
            ("#here", ok("", Some("here"))),
            ("../../../etc/passwd", Err(Refusal::Escapes)),
            ("..%2f..%2f..%2fetc/passwd", Err(Refusal::Escapes)),
            ("/etc/passwd", Err(Refusal::Absolute)),
            ("~/.ssh/id_ed25519", Err(Refusal::Absolute)),
            ("C:\\secrets.md", Err(Refusal::Absolute)),
            ("https://example.org/x.md", Err(Refusal::Address)),
            ("file:///etc/passwd", Err(Refusal::Address)),
            ("//host/share.md", Err(Refusal::Address)),
            ("a\u{0}b.md", Err(Refusal::NoPath)),
            ("..", ok("docs", None)),
            ("", Err(Refusal::NoPath)),
        ];
        for (link, expected) in rows {
            assert_eq!(resolve("docs/flows", link), expected, "{link}");
        }
    }

    #[test]
    fn skills_are_looked_for_upwards() {
        assert_eq!(
            places_of_skill("docs/flows", "skills/implement.md").unwrap(),
            ["docs/flows/skills/implement.md", "docs/skills/implement.md", "skills/implement.md"]
        );
        let places = places_of_skill("docs", "execute/write-code (quick)").unwrap();
        assert_eq!(places[0], "docs/skills/execute/write-code/SKILL.md");
        assert!(places.contains(&".claude/skills/execute/write-code/SKILL.md".to_owned()));
        assert_eq!(places_of_skill("docs", "../skills/x.md").unwrap(), ["skills/x.md"]);
        assert_eq!(places_of_skill("docs", "../../x.md"), Err(Refusal::Escapes));
        assert_eq!(places_of_skill("docs", "https://x.y/z.md"), Err(Refusal::Address));
        assert_eq!(places_of_skill("docs", "/etc/passwd"), Err(Refusal::Absolute));
        assert!(places_of_skill("", "/plan").unwrap().contains(&"skills/plan.md".to_owned()));
        assert!(places_of_skill("docs", "team:plan").unwrap().is_empty());
    }
}
