//! Gates that are no rows of a gate table: headings (`GATE: ask first`), the
//! tables below them, and bullets (`Gate A — safe to ship`).

use super::Rules;
use crate::policy::Criterion;
use crate::workflow::account::Kind;
use crate::workflow::checklists;
use crate::workflow::criteria::{Place, criterion};
use crate::workflow::parse::{Content, Item, Section, plain};
use crate::workflow::reader::Reader;
use crate::workflow::sequence::{self, Sequence};
use crate::workflow::titles::unadorned;
use crate::workflow::{GateRow, Skill};

impl Rules {
    /// A heading that is a gate: it holds after the step before it.
    pub(super) fn gate_heading(&mut self, title: &str, line: u32, steps: &Sequence, reader: &mut Reader) {
        let text = plain(unadorned(title));
        let before = steps.parts.iter().filter(|part| part.lines[0] < line).max_by_key(|part| part.lines[0]);
        self.gate(text, line, before.map(|part| part.title.as_str()), reader);
    }

    fn gate(&mut self, text: String, line: u32, after: Option<&str>, reader: &mut Reader) {
        let id = criterion(&text, Place::Anywhere, Some(line)).gate.unwrap_or_default();
        self.gate_of(id, (text, line), after, reader);
    }

    fn gate_of(&mut self, id: String, (text, line): (String, u32), after: Option<&str>, reader: &mut Reader) {
        reader.became(line, line, Kind::Gate, &id);
        match after {
            Some(after) => {
                self.gates.push(GateRow { id, after: after.to_owned(), criteria: text, line, file: None });
            }
            None => self.policy.prerequisites.push(Criterion {
                text,
                gate: Some(id),
                line: Some(line),
                file: None,
            }),
        }
    }

    /// The criteria in a table below `Gate 2: Implementation → Testing`: each
    /// must hold after the step that the heading names first.
    pub(super) fn gate_table(&mut self, section: &Section, steps: &Sequence, reader: &mut Reader) -> bool {
        let mut any = false;
        for block in &section.blocks {
            let Content::Table(header, rows) = &block.content else { continue };
            let head = header.cell(0).to_lowercase();
            let words = [
                "criteri",
                "kriteri",
                "critère",
                "condition",
                "check",
                "bedingung",
                "критери",
                "条件",
                "基準",
                "标准",
                "기준",
                "조건",
            ];
            let decides = header.cells.iter().any(|cell| cell.contains(['✅', '❌']));
            if decides || !words.iter().any(|word| head.contains(word)) {
                continue;
            }
            let named = section
                .title
                .split(['→', '>'])
                .next()
                .and_then(|before| before.rsplit([':', '–', '—']).next());
            let wanted = named.map(|name| reader.words.in_prose(name, usize::MAX)).unwrap_or_default();
            let does = |part: &&sequence::Part| {
                let skills = reader.words.in_prose(&part.said, usize::MAX);
                skills.iter().any(|skill| wanted.contains(skill))
            };
            let after = steps
                .parts
                .iter()
                .find(does)
                .or_else(|| steps.parts.iter().rfind(|part| part.lines[0] < section.line));
            let after = after.map(|part| part.title.clone());
            for row in rows.iter().filter(|row| !row.cell(0).is_empty()) {
                self.gate(row.cell(0), row.line, after.as_deref(), reader);
            }
            let head = rows.first().map_or(block.last, |row| row.line.saturating_sub(1));
            reader.became(block.first, head, Kind::TableHead, "");
            reader.became(section.line, section.line, Kind::Label, "");
            any = true;
        }
        any
    }

    /// `- **Gate A — safe to ship:** a second person confirms it`: it holds
    /// after the step that mentions it, or else before what it is before.
    pub(super) fn gate_item(&mut self, item: &Item, steps: &Sequence, reader: &mut Reader) -> bool {
        let Some(first) = item.lines.first() else { return false };
        let name = first.label.as_deref().unwrap_or(&first.text);
        let named = name.split([':', '—', '–', '-']).next().unwrap_or(name).trim().to_lowercase();
        if !checklists::is_gate(name) || named.is_empty() {
            return false;
        }
        let mentions = |part: &&sequence::Part| part.text.contains(&named);
        let changes = |part: &sequence::Part| {
            let skills = reader.words.in_prose(&part.said, usize::MAX);
            skills.iter().any(|skill| matches!(skill, Skill::MergeRequest | Skill::Merge | Skill::Deploy))
        };
        let last = steps.parts.iter().position(changes).and_then(|at| at.checked_sub(1));
        let after = steps.parts.iter().find(mentions).or_else(|| last.and_then(|at| steps.parts.get(at)));
        let after = after.map(|part| part.title.clone());
        let id = criterion(name, Place::Anywhere, None).gate.unwrap_or_default();
        self.gate_of(id, (plain(&item.text()), item.line), after.as_deref(), reader);
        true
    }
}
