//! The links of a page, followed: `Inherits:` lines for rules, and skill files
//! for what a step needs, checks and says. What was followed is part of the
//! page and of its digest. It refuses links that turn in a circle or lead out
//! of the repository, and stops at a budget.

use super::account::{self, Kind, LineAccount};
use super::library::{Refusal, Shelf, Shelved, folder_of, resolve};
use super::parse::Document;
use super::reader::Reader;
use super::sequence::Sequence;
use super::{Diagnostic, Level, Lines, Workflow};
use super::{check, dangers, inherit, parse, policy_rules, skill_file, unread};
use crate::text::brief;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many files are followed from one page.
const MOST_FILES: usize = 64;
/// So many places are looked at.
const MOST_PLACES: usize = 2_000;
/// A file larger than this is no rules and no skill, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// So many links lead from one file of rules to the next.
const MOST_LINKS: usize = 8;

/// What a file was followed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FollowedAs {
    /// Rules that the page inherits.
    Rules,
    /// What a step's skill needs, checks and says.
    Skill,
    /// The typed policy of the page.
    Policy,
}

/// A file that the page led to, and what became of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Followed {
    /// Its path from the repository's root.
    pub path: String,
    /// What for.
    pub kind: FollowedAs,
    /// The heading of the section that was taken; the whole file if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Digest of the file's bytes.
    pub digest: String,
    /// How many lines of what was taken were understood.
    pub lines: Lines,
    /// What each of them became.
    pub account: Vec<LineAccount>,
}

/// An `Inherits:` link with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub line: u32,
    pub target: String,
}

/// Follows the links of a page that was read, and takes what they lead to.
pub(crate) fn all(workflow: &mut Workflow, doc: &Document, shelf: &Shelf<'_>, reader: &mut Reader) {
    let mut follower = Follower { shelf: *shelf, known: BTreeMap::new(), found: Found::default() };
    let mut chain = vec![(shelf.path.to_owned(), None)];
    follower.rules(workflow, &inherit::links(doc), &mut chain, reader);
    skill_file::follow(&mut follower, workflow, doc, reader);
    let found = follower.found;
    workflow.followed = found.followed;
    workflow.diagnostics.extend(found.diagnostics);
    workflow.unread_rules.extend(found.unread);
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    followed: Vec<Followed>,
    diagnostics: Vec<Diagnostic>,
    unread: Vec<Diagnostic>,
}

/// Who goes from link to link.
pub(crate) struct Follower<'a> {
    pub shelf: Shelf<'a>,
    known: BTreeMap<String, Shelved>,
    found: Found,
}

/// The files that led here, with their sections.
type Chain = Vec<(String, Option<String>)>;

impl Follower<'_> {
    /// A file of the library; each is asked for once.
    pub fn file(&mut self, path: &str) -> Shelved {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let mut found = if self.known.len() < MOST_PLACES {
            self.shelf.library.file(path)
        } else {
            Shelved::Refused("the page leads to too many places".to_owned())
        };
        if let Shelved::Text(text) = &found
            && text.len() > MOST_BYTES
        {
            found = Shelved::Refused(format!("it has {} bytes; at most {MOST_BYTES} are read", text.len()));
        }
        self.known.insert(path.to_owned(), found.clone());
        found
    }

    /// Whether one more file may be followed.
    pub fn may_go_on(&self) -> bool {
        self.found.followed.len() < MOST_FILES
    }

    /// Takes the rules that the links of one file lead to, the nearest first.
    fn rules(&mut self, workflow: &mut Workflow, links: &[Link], chain: &mut Chain, reader: &mut Reader) {
        let from = chain.last().map(|(path, _)| path.clone()).unwrap_or_default();
        for link in links {
            reader.became(link.line, link.line, Kind::Link, &link.target);
            let refused = |reader: &mut Reader, why: &str| refuse(reader, link.line, &link.target, why);
            let (path, anchor) = match resolve(folder_of(&from), &link.target) {
                Ok((path, anchor)) => (if path.is_empty() { from.clone() } else { path }, anchor),
                Err(Refusal::Escapes) if !self.shelf.in_repository => {
                    absent(reader, link, "the page lies in no repository: nothing above its folder is read");
                    continue;
                }
                Err(why) => {
                    refused(reader, &why.to_string());
                    continue;
                }
            };
            if chain.iter().any(|(seen, section)| *seen == path && (section.is_none() || *section == anchor))
            {
                refused(reader, "the links turn in a circle");
            } else if chain.len() > MOST_LINKS || !self.may_go_on() {
                refused(reader, "too many links lead from one to the next");
            } else {
                match self.file(&path) {
                    Shelved::Text(text) => {
                        chain.push((path, anchor));
                        self.section(workflow, &text, link, chain, reader);
                        chain.pop();
                    }
                    Shelved::Refused(why) => refused(reader, &why),
                    Shelved::Absent => absent(reader, link, &format!("there is no {path}")),
                }
            }
        }
    }

    /// Takes the rules of one section, and then those that it inherits itself.
    fn section(
        &mut self,
        workflow: &mut Workflow,
        text: &str,
        link: &Link,
        chain: &mut Chain,
        reader: &mut Reader,
    ) {
        let Some((path, anchor)) = chain.last().cloned() else { return };
        let Some(section) = inherit::section(text, anchor.as_deref()) else {
            let anchor = anchor.unwrap_or_default();
            return absent(reader, link, &format!("{path} has no section `{}`", brief(&anchor, 60)));
        };
        let lines: Vec<&str> = text.lines().collect();
        let mut own = Reader::new(lines.len(), std::sync::Arc::clone(&reader.words));
        let doc = parse::document(&section.text, section.first);
        let rules = policy_rules::read(&doc, &Sequence::none(), &mut own);
        super::read::understand_headings(&doc, &mut own);
        check::gates(&rules.gates, &workflow.steps, &mut own);
        dangers::find(&doc, &mut own);
        let taken = inherit::merge(workflow, rules, &path, &mut own);
        let what = section
            .title
            .as_ref()
            .map_or_else(|| path.clone(), |title| format!("{path}, \u{201c}{title}\u{201d}"));
        let message =
            format!("the page inherits {taken} rule{} from {what}", if taken == 1 { "" } else { "s" });
        let hint = "what the page says itself ranks above them: hotfix workflow show --origin";
        reader.say(Level::Note, "HF0313", link.line, message, hint).about(&link.target);
        self.rules(workflow, &inherit::links(&doc), chain, &mut own);
        let part =
            Part { path, kind: FollowedAs::Rules, section: section.title, text, doc: &doc, step: None };
        self.took(&part, own);
    }

    /// Remembers what was taken, as a part of the page.
    pub fn took(&mut self, part: &Part<'_>, mut reader: Reader) {
        let file = Some(part.path.clone());
        let mut followed = Followed {
            path: part.path.clone(),
            kind: part.kind,
            section: part.section.clone(),
            digest: crate::digest::of_bytes(part.text.as_bytes()),
            lines: Lines::default(),
            account: vec![],
        };
        let (mut in_fence, mut in_comment) = (false, false);
        for (no, line) in part.doc.raw.iter().filter(|(_, line)| !line.trim().is_empty()) {
            in_fence ^= account::is_fence(line);
            if !in_fence && account::is_comment(line, &mut in_comment) {
                reader.became(*no, *no, Kind::Comment, "");
            }
            if account::is_structure(line) {
                reader.became(*no, *no, Kind::Structure, "");
            }
            let account = account::of_notes(*no, part.step.map(str::to_owned), reader.take_notes(*no));
            if !in_fence {
                let unread = unread::of_line(&account, line);
                self.found.unread.extend(unread.map(|said| Diagnostic { file: file.clone(), ..said }));
            }
            followed.lines.count(account.is_understood());
            followed.account.push(account);
        }
        let lines: Vec<&str> = part.text.lines().collect();
        let placed = super::reader::placed(reader.diagnostics, &lines);
        self.found
            .diagnostics
            .extend(placed.into_iter().map(|said| Diagnostic { file: file.clone(), ..said }));
        self.found.followed.push(followed);
    }
}

/// A file, or a section of one, that was taken.
pub(crate) struct Part<'a> {
    pub path: String,
    pub kind: FollowedAs,
    pub section: Option<String>,
    pub text: &'a str,
    pub doc: &'a Document,
    pub step: Option<&'a str>,
}

/// The link is not followed, and this is why.
pub(crate) fn refuse(reader: &mut Reader, line: u32, target: &str, why: &str) {
    let message = format!("the link `{}` is not followed: {why}", brief(target, 80));
    let hint = "link to a file of this repository, by its relative path";
    reader.say(Level::Error, "HF0342", line, message, hint).about(target);
}

fn absent(reader: &mut Reader, link: &Link, what: &str) {
    let message = format!("the page inherits from `{}`, and {what}", brief(&link.target, 80));
    let hint = "correct the link, or say the rules on this page";
    reader.say(Level::Warning, "HF0340", link.line, message, hint).about(&link.target);
}
