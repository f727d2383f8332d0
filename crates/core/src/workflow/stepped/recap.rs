//! Lists that only say the page's steps once more, as a to-do list does.

use crate::workflow::parse::{Block, Content};
use crate::workflow::sequence::Part;
use crate::workflow::words::tokens;
use std::collections::HashSet;

/// Longer lists and pages are not compared.
const MOST: usize = 60;

/// The words of the steps' titles.
pub(super) struct Recap {
    titles: Vec<(String, HashSet<String>)>,
}

fn words(text: &str) -> HashSet<String> {
    tokens(text).into_iter().map(|token| token.word).filter(|word| word.chars().count() > 2).collect()
}

impl Recap {
    pub fn of(parts: &[Part]) -> Self {
        let few = if parts.len() > MOST { &[] } else { parts };
        Recap { titles: few.iter().map(|part| (part.title.clone(), words(&part.title))).collect() }
    }

    /// Whether a list in the step of this title says half of the other steps again.
    pub fn is_one(&self, block: &Block, own: &str) -> bool {
        let Content::List(items) = &block.content else { return false };
        let outer: Vec<_> = items.iter().filter(|item| item.depth == 0).take(MOST + 1).collect();
        if outer.len() < 3 || outer.len() > MOST {
            return false;
        }
        let again = outer.iter().filter(|item| {
            let said = words(&item.text());
            self.titles.iter().any(|(title, words)| {
                title != own && !words.is_empty() && words.intersection(&said).count() * 2 > words.len()
            })
        });
        again.count() * 2 >= outer.len()
    }
}
