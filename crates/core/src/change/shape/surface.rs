//! What the files of a change offer to others, before and after: by the
//! grammar where there is one, by the changed lines elsewhere.

use super::super::reading::Reading;
use super::super::{FileChange, LineKind};
use super::{Tally, interface};
use crate::syntax::{Item, Language};
use std::collections::BTreeSet;

/// Something that a file offers to others.
pub(super) struct Offer {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    signature: String,
    parameters: Vec<String>,
}

impl Offer {
    /// What makes it the same thing before and after, wherever it stands.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// Whether it is a part of another, as a field is of its type.
    pub(super) fn belongs_to(&self, other: &Offer) -> bool {
        let rest = self.name.strip_prefix(other.name.as_str());
        rest.is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
    }
}

impl From<&Item> for Offer {
    fn from(item: &Item) -> Offer {
        Offer {
            kind: item.kind.name(),
            name: item.name.clone(),
            line: Some(item.line),
            column: Some(item.column),
            signature: item.signature.clone(),
            parameters: item.parameters.clone(),
        }
    }
}

/// What a file offers before and after.
pub(super) struct Surface<'c> {
    pub(super) file: &'c FileChange,
    pub(super) old: Vec<Offer>,
    pub(super) new: Vec<Offer>,
}

/// The surfaces of the files that count.
pub(super) fn all<'c>(readings: &[&Reading<'c>], tally: &mut Tally) -> Vec<Surface<'c>> {
    readings.iter().map(|reading| Surface::of(reading, tally)).collect()
}

/// The keys of what all files together offer on one side.
pub(super) fn keys<'a>(offers: impl Iterator<Item = &'a Vec<Offer>>) -> BTreeSet<String> {
    offers.flatten().map(Offer::key).collect()
}

impl<'c> Surface<'c> {
    fn of(reading: &Reading<'c>, tally: &mut Tally) -> Surface<'c> {
        let file = reading.file;
        let (old, new) = match reading.items() {
            Some((old, new)) => {
                (old.iter().map(Offer::from).collect(), new.iter().map(Offer::from).collect())
            }
            None if Language::of(&file.path).is_some() => {
                if !file.hunks.is_empty() {
                    tally.unread.insert(file.path.clone());
                }
                (Vec::new(), Vec::new())
            }
            None => by_lines(reading),
        };
        Surface { file, old, new }
    }

    /// What takes a parameter more than before, and loses none.
    pub(super) fn wider(&self) -> Vec<(&Offer, String)> {
        let of = |new: &Offer| {
            let mut same = self.old.iter().filter(|old| old.key() == new.key());
            let (Some(old), None) = (same.next(), same.next()) else { return None };
            let kept = old.parameters.iter().all(|name| new.parameters.contains(name));
            let added = new.parameters.iter().find(|name| !old.parameters.contains(name));
            added.filter(|_| kept).cloned()
        };
        self.new.iter().filter_map(|new| Some((new, of(new)?))).collect()
    }

    /// How many known things are used otherwise than before.
    pub(super) fn changed_signatures(&self) -> usize {
        let differs = |new: &&Offer| {
            let mut same = self.old.iter().filter(|old| old.key() == new.key()).peekable();
            same.peek().is_some() && same.all(|old| old.signature != new.signature)
        };
        self.new.iter().filter(differs).count()
    }
}

/// What the changed lines of a file offer.
fn by_lines(reading: &Reading<'_>) -> (Vec<Offer>, Vec<Offer>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (line, in_test) in reading.changed() {
        let item = interface::public_item(&reading.file.path, &line.text).filter(|_| !in_test);
        let Some(item) = item else { continue };
        let offer = Offer {
            kind: item.kind,
            name: item.name,
            line: line.new_line.or(line.old_line),
            column: None,
            signature: String::new(),
            parameters: Vec::new(),
        };
        if line.kind == LineKind::Removed { old.push(offer) } else { new.push(offer) }
    }
    (old, new)
}
