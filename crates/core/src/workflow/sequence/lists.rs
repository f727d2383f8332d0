//! Steps that are the items of lists. A list that code or notes interrupt goes
//! on where its numbers do.

use super::{Block, Content, Item, NEAR, Part, Place, Range, Search, Sequence, Shape, Topic, plain};
use crate::text::brief;

/// A longer item is no title.
const TITLE: usize = 120;

/// A list with all that continues it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Section, block and item of each outermost item.
    pub items: Vec<[usize; 3]>,
    pub ordered: bool,
    pub task: bool,
    /// The number of the last item.
    last: u64,
    /// Whether each list in it has one item, as `1. … 1. … 1. …` with code between.
    single: bool,
    /// The section and block that it starts with.
    start: [usize; 2],
}

/// `**Impact**: {who}` is a field of a form, and nothing to do.
pub(crate) fn is_field(item: &Item) -> bool {
    let text = item.text();
    if item.ordered || !item.code.is_empty() {
        return false;
    }
    let Some((_, value)) = text.split_once([':', '：']) else { return false };
    let value = value.trim();
    let shown = |open: char, close: char| value.starts_with(open) && value.ends_with(close);
    value.is_empty()
        || shown('{', '}')
        || shown('<', '>')
        || shown('[', ']')
        || value.chars().all(|c| matches!(c, '_' | '.' | '…' | ' '))
}

impl Search<'_> {
    /// The lists of some sections, each with what continues it.
    pub(super) fn runs_in(&self, range: Range<usize>) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for at in range {
            let blocks = self.section(at).map(|section| section.blocks.as_slice()).unwrap_or_default();
            for (block_at, block) in blocks.iter().enumerate() {
                let Content::List(items) = &block.content else { continue };
                let outer =
                    items.iter().enumerate().filter(|(_, item)| item.depth == 0 && !item.text().is_empty());
                let outer: Vec<(usize, &Item)> = outer.collect();
                let (Some((_, first)), Some((_, last))) = (outer.first(), outer.last()) else { continue };
                let ids = outer.iter().map(|(item, _)| [at, block_at, *item]);
                let one = outer.len() == 1;
                let goes_on = |run: &Run| {
                    let counts = first.number == run.last + 1 && first.number > 1;
                    let repeats = run.single && one && first.number == run.last && run.start[0] == at;
                    first.ordered && run.ordered && (counts || repeats)
                };
                match runs.last_mut().filter(|run| goes_on(run)) {
                    Some(run) => {
                        run.single &= one;
                        run.last = last.number;
                        run.items.extend(ids);
                    }
                    None => runs.push(Run {
                        ordered: first.ordered,
                        task: outer.iter().filter(|(_, item)| item.task).count() * 2 > outer.len(),
                        items: ids.collect(),
                        last: last.number,
                        single: one,
                        start: [at, block_at],
                    }),
                }
            }
        }
        runs
    }

    fn block(&self, at: [usize; 2]) -> Option<&Block> {
        self.section(at[0])?.blocks.get(at[1])
    }

    fn item(&self, at: [usize; 3]) -> Option<&Item> {
        match &self.block([at[0], at[1]])?.content {
            Content::List(items) => items.get(at[2]),
            _ => None,
        }
    }

    /// What introduces a run.
    fn label(&self, run: &Run) -> String {
        self.block(run.start).map(Block::label_text).unwrap_or_default()
    }

    /// Whether a list may be one of steps: it stands below nothing that is
    /// policy, and is not introduced as what must not be done.
    pub(super) fn is_free(&self, run: &Run) -> bool {
        let label = self.label(run);
        let denied = |word: &str| label.split(|c: char| !c.is_alphanumeric()).any(|have| have == word);
        let own = self.lexicon.topic(&label);
        let policy = |topic: Topic| topic.is_policy() && !(topic == Topic::Rollback && self.about_rollback);
        let fields = run.items.iter().filter_map(|at| self.item(*at)).filter(|item| is_field(item)).count();
        if fields * 2 > run.items.len() {
            return false;
        }
        let titled = self.path(run.start[0]).any(policy) && own != Topic::Procedure;
        !titled
            && !policy(own)
            && !["not", "never", "don", "nicht", "nunca", "jamais"].into_iter().any(denied)
    }

    /// A list that is introduced as the steps: `follow these steps:`.
    pub(super) fn introduced(&self) -> Option<Sequence> {
        let runs = self.runs_in(0..self.doc.sections.len());
        let says = |run: &&Run| {
            let words = super::tokens(&self.label(run));
            let hits = self.lexicon.topics.hits(&words);
            hits.iter().any(|hit| hit.sense == Topic::Procedure)
                && self.lexicon.topic(&self.label(run)) >= Topic::Procedure
        };
        let run =
            runs.iter().filter(|run| run.ordered && run.items.len() >= 2 && self.is_free(run)).find(says)?;
        Some(self.of_runs(std::slice::from_ref(run)))
    }

    /// An ordered list that names more skills than the plain headings do.
    pub(super) fn better_list(&self) -> Option<Sequence> {
        let headings = self.plain(2)?;
        let named = |parts: &[Part]| parts.iter().filter(|part| self.names_skill(&part.said)).count();
        let list = self.any_list().filter(|list| self.is_ordered(list))?;
        let inside = list.parts.iter().all(|part| {
            headings.parts.iter().any(|of| of.lines[0] < part.lines[0] && part.lines[1] <= of.lines[1])
        });
        // Headings with lists of their own say more than one of these lists.
        let one = headings.parts.iter().any(|of| {
            list.parts.iter().all(|part| of.lines[0] < part.lines[0] && part.lines[1] <= of.lines[1])
        });
        (named(&list.parts) > named(&headings.parts) && (one || !inside)).then_some(list)
    }

    /// Whether a sequence is of ordered items.
    pub(super) fn is_ordered(&self, list: &Sequence) -> bool {
        list.parts.iter().all(|part| match part.place {
            Place::Item(section, block, item) => {
                self.item([section, block, item]).is_some_and(|item| item.ordered)
            }
            _ => false,
        })
    }

    /// Where nothing else is there: the longest ordered list, whatever it
    /// stands under, as long as it is no example and forbids nothing.
    pub(super) fn last_list(&self) -> Option<Sequence> {
        let runs = self.runs_in(0..self.doc.sections.len());
        let aside = |run: &Run| self.path(run.start[0]).any(Self::is_aside);
        let ordered = runs.iter().filter(|run| run.ordered && run.items.len() >= 2 && !aside(run));
        let best = ordered.max_by_key(|run| (run.items.len(), std::cmp::Reverse(run.start)))?;
        Some(self.of_runs(std::slice::from_ref(best)))
    }

    fn named(&self, run: &Run) -> usize {
        let items = run.items.iter().filter_map(|at| self.item(*at));
        items.filter(|item| !self.lexicon.senses(&item.text(), NEAR).is_empty()).count()
    }

    /// The list that most looks like steps, with its like at its side.
    pub(super) fn any_list(&self) -> Option<Sequence> {
        let runs = self.runs_in(0..self.doc.sections.len());
        let free: Vec<&Run> = runs.iter().filter(|run| run.items.len() >= 2 && self.is_free(run)).collect();
        let rank = |run: &&&Run| {
            let titled = self.path(run.start[0]).any(|topic| topic == Topic::Procedure);
            let procedure = titled || self.lexicon.topic(&self.label(run)) == Topic::Procedure;
            (procedure && run.ordered, run.ordered, procedure, self.named(run), run.items.len())
        };
        let best = *free.iter().max_by_key(|run| (rank(run), std::cmp::Reverse(run.start)))?;
        let like = |run: &&&Run| {
            **run == best
                || (run.ordered == best.ordered && run.task == best.task && self.is_beside(run, best, &free))
        };
        let all: Vec<Run> = free.iter().filter(like).map(|run| (*run).clone()).collect();
        Some(self.of_runs(&all))
    }

    /// Lists in the sections beside the best one's belong to it where most of
    /// these sections have one, or where they name as many skills.
    fn is_beside(&self, run: &Run, best: &Run, free: &[&Run]) -> bool {
        let (Some(one), Some(other)) = (self.section(run.start[0]), self.section(best.start[0])) else {
            return false;
        };
        if one.level != other.level || one.parents.last() != other.parents.last() || one.level == 0 {
            return false;
        }
        let beside = self
            .doc
            .sections
            .iter()
            .filter(|section| section.level == one.level && section.parents.last() == one.parents.last());
        let held = free
            .iter()
            .filter(|run| run.ordered == best.ordered)
            .map(|run| run.start[0])
            .collect::<std::collections::BTreeSet<_>>();
        held.len() * 2 >= beside.count() && self.named(run) * 3 >= run.items.len()
    }

    pub(super) fn of_runs(&self, runs: &[Run]) -> Sequence {
        Sequence { shape: Shape::List, parts: runs.iter().flat_map(|run| self.of_run(run)).collect() }
    }

    pub(super) fn of_run(&self, run: &Run) -> Vec<Part> {
        let starts: Vec<u32> =
            run.items.iter().filter_map(|at| self.item(*at)).map(|item| item.line).collect();
        let part = |(nth, at): (usize, &[usize; 3])| {
            let item = self.item(*at)?;
            let block = self.block([at[0], at[1]])?;
            let next = starts.get(nth + 1).copied().filter(|next| *next > item.line);
            let same = run.items.get(nth + 1).is_some_and(|next| next[0] == at[0]);
            let last = match next {
                Some(next) if same => next - 1,
                _ => self.end_of_item(block, *at, run),
            };
            let title = self.title_of(item);
            Some(Part {
                titled: !title.is_empty(),
                title,
                said: item.text(),
                text: item.text().to_lowercase(),
                lines: [item.line, last.max(item.line)],
                place: Place::Item(at[0], at[1], at[2]),
            })
        };
        // A bullet that forbids is a rule, and no step.
        let forbids = |at: &[usize; 3]| {
            let words = self.item(*at).map(|item| super::tokens(&item.text())).unwrap_or_default();
            !run.ordered && words.first().is_some_and(|word| self.is_never(word, words.get(1)))
        };
        run.items.iter().enumerate().filter(|(_, at)| !forbids(at)).filter_map(part).collect()
    }

    fn is_never(&self, word: &super::Token, next: Option<&super::Token>) -> bool {
        let never = &self.lexicon.grammar.never;
        let not = next.is_some_and(|next| next.word == "not" || next.word == "t");
        word.word != "without"
            && (never.of_word(word).is_some() || (matches!(word.word.as_str(), "do" | "must" | "don") && not))
    }

    /// The last line of a run's last item in a section: with the code that
    /// follows it, where code stood between the others too.
    fn end_of_item(&self, block: &Block, at: [usize; 3], run: &Run) -> u32 {
        let interrupted = run.items.iter().filter(|item| item[0] == at[0]).any(|item| item[1] != at[1]);
        let blocks = self.section(at[0]).map(|section| section.blocks.as_slice()).unwrap_or_default();
        let code = blocks
            .iter()
            .skip(at[1] + 1)
            .take_while(|block| interrupted && matches!(block.content, Content::Fence(_)));
        code.last().map_or(block.last, |block| block.last)
    }

    /// An item's label, with the rest where the label names no skill.
    fn title_of(&self, item: &Item) -> String {
        let Some(first) = item.lines.first() else { return String::new() };
        let title = match &first.label {
            Some(label) if first.text.is_empty() || self.names_skill(label) => label.clone(),
            _ => {
                let whole = item.text();
                super::super::synonyms::first_sentence(&whole).to_owned()
            }
        };
        let title =
            super::mark(&title, self.lexicon).filter(|mark| mark.titled).map_or(title, |mark| mark.title);
        brief(plain(&title).trim_end_matches([':', '：', '.']), TITLE)
    }
}
