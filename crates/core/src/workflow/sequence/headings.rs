//! Steps that are headings: with a word and a number, with a number, or plain.

use super::super::checklists;
use super::{By, Content, Mark, Place, Search, Sequence, Shape, Topic, plain};

impl Search<'_> {
    /// Headings that count.
    pub(super) fn counted(&self) -> Option<Sequence> {
        let keyword = self.keyword();
        if !keyword.is_empty() {
            return Some(self.sections(Shape::Keyword, &keyword));
        }
        let numbered = self.numbered();
        (numbered.len() >= 2).then(|| self.sections(Shape::Numbered, &numbered))
    }

    fn marked(&self, by: By) -> Vec<(usize, &Mark)> {
        let all = self.marks.iter().enumerate().filter_map(|(at, mark)| Some((at, mark.as_ref()?)));
        let all: Vec<_> = all.filter(|(_, mark)| mark.by == by).collect();
        let told = |at: usize| {
            let parents = self.section(at).map(|section| section.parents.as_slice()).unwrap_or_default();
            parents.iter().any(|at| !self.is_title(*at) && Self::is_aside(self.topic(*at)))
        };
        let done: Vec<_> = all.iter().filter(|(at, _)| !told(*at)).copied().collect();
        if done.is_empty() { all } else { done }
    }

    /// Whether a section lies in one of these, which are sorted.
    fn lies_in(&self, at: usize, sorted: &[usize]) -> bool {
        let parents = self.section(at).map(|section| section.parents.as_slice()).unwrap_or_default();
        parents.iter().any(|parent| sorted.binary_search(parent).is_ok())
    }

    /// The outermost headings with a word for a step; the inner ones where
    /// they count on from one outer heading to the next.
    fn keyword(&self) -> Vec<usize> {
        let all = self.marked(By::Keyword);
        let ats: Vec<usize> = all.iter().map(|(at, _)| *at).collect();
        let numbered = all.iter().any(|(_, mark)| mark.number.is_some());
        if !numbered && all.len() < 2 {
            return vec![];
        }
        let (inner, outer): (Vec<_>, Vec<_>) = all.into_iter().partition(|(at, _)| self.lies_in(*at, &ats));
        let holders: Vec<usize> = outer
            .iter()
            .map(|(at, _)| *at)
            .filter(|at| {
                inner.iter().any(|(inner, _)| self.section(*inner).is_some_and(|s| s.parents.contains(at)))
            })
            .collect();
        let counts_on = inner
            .windows(2)
            .all(|pair| matches!(pair, [(_, a), (_, b)] if a.number < b.number && a.number.is_some()));
        let whole = |mark: &Mark| !mark.sub;
        let inner_are = inner.len() >= 2
            && counts_on
            && inner.iter().all(|(_, mark)| whole(mark))
            && (holders.len() >= 2 || outer.len() == 1);
        let outer = outer.into_iter().map(|(at, _)| at);
        if !inner_are {
            return outer.collect();
        }
        let mut found: Vec<usize> =
            outer.filter(|at| !holders.contains(at)).chain(inner.into_iter().map(|(at, _)| at)).collect();
        found.sort_unstable();
        found
    }

    /// The outermost numbered headings that are no other parts of a page; of
    /// `4. Procedure`, what is in it.
    fn numbered(&self) -> Vec<usize> {
        let all: Vec<usize> = self.marked(By::Number).into_iter().map(|(at, _)| at).collect();
        let outer: Vec<usize> = all.iter().copied().filter(|at| !self.lies_in(*at, &all)).collect();
        let (other, kept): (Vec<usize>, Vec<usize>) =
            outer.iter().copied().partition(|at| self.is_other(*at));
        let mut found = Vec::new();
        for at in kept {
            let below = self.children(at);
            if self.topic_of_mark(at) == Topic::Procedure && below.len() >= 2 {
                found.extend(below);
            } else {
                found.push(at);
            }
        }
        // A document whose chapters are numbered is not a list of steps.
        let chapters = other.len() > found.len();
        if chapters { vec![] } else { found }
    }

    fn topic_of_mark(&self, at: usize) -> Topic {
        let title = self.marks.get(at).and_then(Option::as_ref).map(|mark| mark.title.as_str());
        title.map_or(Topic::None, |title| self.lexicon.topic(title))
    }

    /// A numbered heading that is a chapter and no step.
    fn is_other(&self, at: usize) -> bool {
        let topic = self.topic_of_mark(at);
        let gate = self.section(at).is_some_and(|section| checklists::is_gate(&section.title));
        gate || matches!(
            topic,
            Topic::Around
                | Topic::Principles
                | Topic::Approval
                | Topic::Branch
                | Topic::MergeRequest
                | Topic::Completion
        )
    }

    /// The headings right below one, without the parts that are no steps.
    fn children(&self, at: usize) -> Vec<usize> {
        let Some(section) = self.section(at) else { return vec![] };
        let inside = (at + 1..section.end).filter_map(|below| Some((below, self.section(below)?.level)));
        let inside: Vec<(usize, u8)> = inside.collect();
        let Some(level) = inside.iter().map(|(_, level)| *level).min() else { return vec![] };
        let direct = inside.into_iter().filter(|(_, of)| *of == level).map(|(at, _)| at);
        let gate = |at: &usize| self.section(*at).is_some_and(|section| checklists::is_gate(&section.title));
        direct.filter(|at| !Self::is_aside(self.topic(*at)) && !self.is_other(*at) && !gate(at)).collect()
    }

    /// What stands below `Procedure`, `Workflow` and the like: its ordered
    /// lists, or else its headings.
    pub(super) fn procedure(&self) -> Option<Sequence> {
        let is_procedure = |at: &usize| self.topic(*at) == Topic::Procedure && !self.is_title(*at);
        let told = |at: &usize| self.path(*at).any(Self::is_aside);
        for at in (1..self.doc.sections.len()).filter(is_procedure).filter(|at| !told(at)) {
            let end = self.section(at)?.end;
            let own = self.runs_in(at..at + 1).into_iter().filter(|run| run.ordered).collect::<Vec<_>>();
            if own.iter().any(|run| run.items.len() >= 2) {
                let all = self.runs_in(at..end).into_iter().filter(|run| run.ordered && self.is_free(run));
                return Some(self.of_runs(&all.collect::<Vec<_>>()));
            }
            let below = self.children(at);
            let named = below
                .iter()
                .filter(|at| self.section(**at).is_some_and(|s| self.names_skill(&s.title)))
                .count();
            if below.len() >= 2 && (named > 0 || !self.has_ordered(at + 1..end)) {
                return Some(self.sections(Shape::Plain, &below));
            }
            let lists = self.runs_in(at..end).into_iter().filter(|run| self.is_free(run)).collect::<Vec<_>>();
            let ordered: Vec<_> = lists.iter().filter(|run| run.ordered).cloned().collect();
            let lists = if ordered.is_empty() { lists } else { ordered };
            if lists.iter().map(|run| run.items.len()).sum::<usize>() >= 2 {
                return Some(self.of_runs(&lists));
            }
        }
        None
    }

    fn has_ordered(&self, range: std::ops::Range<usize>) -> bool {
        self.runs_in(range).iter().any(|run| run.ordered && run.items.len() >= 2)
    }

    /// Plain headings, from the first that names a skill to the last, if so
    /// many do.
    pub(super) fn plain(&self, least: usize) -> Option<Sequence> {
        let mut best: (usize, Vec<usize>) = (0, vec![]);
        for (parent, group) in self.siblings() {
            let named =
                |at: &usize| self.section(*at).is_some_and(|section| self.names_skill(&section.title));
            let steps: Vec<usize> = group.into_iter().filter(|at| self.may_be_step(*at)).collect();
            let (Some(start), Some(end)) = (steps.iter().position(named), steps.iter().rposition(named))
            else {
                continue;
            };
            let steps = steps.get(start..=end).unwrap_or_default().to_vec();
            let count = steps.iter().filter(|at| named(at)).count();
            let enough = count >= least && count * 2 >= steps.len();
            let told = parent.is_some_and(|at| self.path(at).any(Self::is_aside));
            if enough && !told && count > best.0 {
                best = (count, steps);
            }
        }
        (!best.1.is_empty()).then(|| self.sections(Shape::Plain, &best.1))
    }

    /// Headings of one level in one section, for each such group.
    fn siblings(&self) -> Vec<(Option<usize>, Vec<usize>)> {
        let mut groups: Vec<(Option<usize>, Vec<usize>)> = Vec::new();
        let mut index = std::collections::HashMap::new();
        for (at, section) in
            self.doc.sections.iter().enumerate().skip(1).filter(|(at, _)| !self.is_title(*at))
        {
            let key = (section.parents.last().copied(), section.level);
            let group = *index.entry(key).or_insert_with(|| {
                groups.push((key.0, vec![]));
                groups.len() - 1
            });
            if let Some((_, group)) = groups.get_mut(group) {
                group.push(at);
            }
        }
        groups
    }

    fn may_be_step(&self, at: usize) -> bool {
        if self.section(at).is_some_and(|section| checklists::is_gate(&section.title)) {
            return false;
        }
        match self.topic(at) {
            Topic::None | Topic::Verification | Topic::Monitoring | Topic::Communication | Topic::After => {
                true
            }
            Topic::Rollback => self.about_rollback,
            Topic::Procedure => self.section(at).is_some_and(|section| self.names_skill(&section.title)),
            _ => false,
        }
    }

    /// A table with a step in each row.
    pub(super) fn table(&self) -> Option<Sequence> {
        for (at, section) in self.doc.sections.iter().enumerate() {
            if self.path(at).any(|topic| topic.is_policy() && topic != Topic::Around) {
                continue;
            }
            for (block_at, block) in section.blocks.iter().enumerate() {
                let Content::Table(header, rows) = &block.content else { continue };
                let Some(column) = self.title_column(header, rows) else { continue };
                let part = |(row, of): (usize, &super::super::parse::Row)| super::Part {
                    title: without_mark(&plain(&of.cell(column)), self),
                    said: of.cells.get(column).cloned().unwrap_or_default(),
                    text: of.cells.join(" ").to_lowercase(),
                    titled: true,
                    lines: [of.line, of.line],
                    place: Place::Row(at, block_at, row, column),
                };
                let rows = rows.iter().enumerate().filter(|(_, row)| !row.cell(column).is_empty());
                let parts: Vec<_> = rows.map(part).collect();
                if parts.len() >= 2 {
                    return Some(Sequence { shape: Shape::Table, parts });
                }
            }
        }
        None
    }

    /// The column with the steps' titles, if the table has steps.
    fn title_column(
        &self,
        header: &super::super::parse::Row,
        rows: &[super::super::parse::Row],
    ) -> Option<usize> {
        let head = header.cell(0);
        let words = super::tokens(&head);
        let counts = matches!(
            head.trim().to_lowercase().as_str(),
            "#" | "no" | "no." | "nr" | "nr." | "n°" | "№" | "番号" | "번호" | "序号"
        );
        let is_step = words.len() <= 2
            && self
                .lexicon
                .steps
                .hits(&words)
                .first()
                .is_some_and(|hit| hit.first == 0 || hit.end == words.len());
        let is_step = is_step || words.iter().any(|word| self.lexicon.steps.is_whole(&word.word));
        if !counts && !is_step {
            return None;
        }
        let numbers = |text: &str| {
            super::tokens(text)
                .iter()
                .all(|word| word.word.len() <= 3 && word.word.bytes().all(|b| b.is_ascii_digit()))
        };
        let counted = rows.iter().all(|row| numbers(&row.cell(0)) || row.cell(1).is_empty());
        match (counts, counted) {
            (_, true) => (header.cells.len() > 1).then_some(1),
            (true, false) => None,
            (false, false) => Some(0),
        }
    }
}

/// `1. Fix` in a cell is `Fix`.
fn without_mark(text: &str, search: &Search<'_>) -> String {
    super::mark(text, search.lexicon)
        .filter(|mark| mark.titled)
        .map_or_else(|| text.to_owned(), |mark| mark.title)
}
