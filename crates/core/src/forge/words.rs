//! What people's words on a forge mean for a commit: to which commit an
//! approval belongs where the forge does not say, and whether a comment is a
//! review.

use jiff::Timestamp;

/// A head that a merge request once had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The commit.
    pub commit: String,
    /// When it became the head.
    pub at: Timestamp,
}

/// The commit that was the head when somebody spoke. Both times are the
/// forge's own, so no other clock matters. None: they spoke before the first.
pub fn head_at(versions: &[Version], at: Timestamp) -> Option<&str> {
    let before = versions.iter().filter(|v| v.at <= at);
    before.max_by_key(|v| v.at).map(|v| v.commit.as_str())
}

/// What a comment says of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It was looked at, and is well.
    Approves,
    /// It is not.
    Objects,
}

/// Words by which somebody objects.
const OBJECTIONS: &[&str] = &[
    "changes requested",
    "change requested",
    "request changes",
    "requesting changes",
    "requests changes",
    "needs changes",
    "not approved",
    "do not approve",
    "don't approve",
    "cannot approve",
    "can't approve",
    "rejected",
    "reject",
    "roll back",
    "rollback",
    "revert",
];

/// What a comment says of any of these commits: it must name one of them, with
/// at least seven digits. Quoted lines are somebody else's.
pub fn comment(text: &str, commits: &[&str]) -> Option<Word> {
    let own: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with('>')).collect();
    let own = own.join("\n").to_lowercase();
    let names = own.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        word.len() >= 7
            && word.bytes().all(|b| b.is_ascii_hexdigit())
            && commits.iter().any(|c| c.to_lowercase().starts_with(word))
    });
    if !names {
        return None;
    }
    Some(if OBJECTIONS.iter().any(|o| own.contains(o)) { Word::Objects } else { Word::Approves })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "1f2e3d4c5b6a798897a6b5c4d3e2f10011223344";

    #[test]
    fn an_approval_belongs_to_the_head_of_its_time() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let version = |commit: &str, s| Version { commit: commit.into(), at: at(s) };
        let versions = [version("b", 20), version("a", 10)];
        for (second, found) in [(9, None), (10, Some("a")), (19, Some("a")), (20, Some("b")), (99, Some("b"))]
        {
            assert_eq!(head_at(&versions, at(second)), found, "{second}");
        }
    }

    #[test]
    fn a_comment_counts_if_it_names_the_commit() {
        for (text, word) in [
            ("Reviewed 1f2e3d4c5b, fine.", Some(Word::Approves)),
            ("LGTM `1F2E3D4`", Some(Word::Approves)),
            (
                "see https://forge.example/commit/1f2e3d4c5b6a798897a6b5c4d3e2f10011223344",
                Some(Word::Approves),
            ),
            ("Changes requested on 1f2e3d4c5b: the lock is never freed", Some(Word::Objects)),
            ("please revert 1f2e3d4c5b", Some(Word::Objects)),
            ("LGTM", None),
            ("LGTM 1f2e3d", None),
            ("LGTM aaaaaaaaaa", None),
            ("> Reviewed 1f2e3d4c5b\nwhat does that mean?", None),
        ] {
            assert_eq!(comment(text, &["0000000", HEAD]), word, "{text}");
        }
    }
}
