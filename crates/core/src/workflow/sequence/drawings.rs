//! Steps that are drawn: parts of a fence that arrows lead from one to the
//! next. Boxes with notes are the skill-list pages' own (`skill_list`).

use super::{Content, Part, Place, Search, Sequence, Shape, plain};
use crate::text::brief;

const TITLE: usize = 120;

impl Search<'_> {
    /// The first fence with two arrows or more between parts that name skills.
    pub(super) fn drawn(&self) -> Option<Sequence> {
        let blocks = self
            .doc
            .sections
            .iter()
            .enumerate()
            .flat_map(|(at, section)| section.blocks.iter().map(move |block| (at, block)));
        for (at, block) in blocks {
            let Content::Fence(lines) = &block.content else { continue };
            if self.path(at).any(Self::is_aside)
                || !matches!(block.info.as_str(), "" | "text" | "txt" | "mermaid")
            {
                continue;
            }
            let parts = if block.info == "mermaid" { nodes(lines) } else { self.parts_of(lines) };
            let named = parts.iter().filter(|part| self.names_skill(&part.said)).count();
            if parts.len() >= 3 && named >= 2 {
                return Some(Sequence { shape: Shape::Prose, parts });
            }
        }
        None
    }

    /// The branches of a tree, or else what stands between arrows.
    fn parts_of(&self, lines: &[(u32, String)]) -> Vec<Part> {
        let branches = branches(lines, self);
        if branches.len() >= 3 { branches } else { between_arrows(lines) }
    }
}

/// Whether a line only leads to the next part.
fn is_arrow(line: &str) -> bool {
    let line = line.trim();
    let drawn = |c: char| matches!(c, '↓' | '⬇' | '▼' | '│' | '|' | 'v' | 'V' | '\u{fe0f}' | ' ' | '┃' | '║');
    !line.is_empty() && line.chars().all(drawn)
}

fn between_arrows(lines: &[(u32, String)]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut fresh = true;
    for (no, line) in lines {
        if is_arrow(line) {
            fresh = true;
        } else if !line.trim().is_empty() {
            match parts.last_mut().filter(|_| !fresh) {
                Some(part) => part.lines[1] = *no,
                None => parts.extend(part(line, *no)),
            }
            fresh = false;
        }
    }
    parts
}

/// What stands before the first arrow or the first wide gap of a line.
fn part(line: &str, no: u32) -> Option<Part> {
    let text = line.trim().trim_matches(|c: char| matches!(c, '[' | ']' | '│' | '|' | '┃'));
    let said = text
        .split(['→', '←'])
        .next()
        .unwrap_or(text)
        .split("  ")
        .next()
        .unwrap_or(text)
        .split("->")
        .next()
        .unwrap_or(text)
        .trim();
    let title = brief(&plain(said), TITLE);
    title.chars().any(char::is_alphanumeric).then(|| Part {
        title,
        said: said.to_owned(),
        text: text.to_lowercase(),
        titled: true,
        lines: [no, no],
        place: Place::Line,
    })
}

/// The outermost branches of a drawn tree (`├── 1. Fix`).
fn branches(lines: &[(u32, String)], search: &Search<'_>) -> Vec<Part> {
    let depth = |line: &str| line.chars().position(|c| matches!(c, '├' | '└' | '┣' | '┗'));
    let Some(outer) = lines.iter().filter_map(|(_, line)| depth(line)).min() else { return vec![] };
    let mut parts: Vec<Part> = Vec::new();
    for (no, line) in lines {
        if depth(line) == Some(outer) {
            let text = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '(');
            let mark = super::mark(text, search.lexicon).filter(|mark| mark.titled);
            parts.extend(part(mark.as_ref().map_or(text, |mark| mark.said.as_str()), *no));
        } else if let Some(part) = parts.last_mut() {
            part.lines[1] = *no;
        }
    }
    parts
}

/// The nodes of a diagram, in the order in which they are first named.
fn nodes(lines: &[(u32, String)]) -> Vec<Part> {
    let mut seen: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    for (no, line) in lines.iter().filter(|(_, line)| line.contains("--") || line.contains("==")) {
        for node in line.split("-->").flat_map(|half| half.split("==>")) {
            let opened = node.find(['[', '(', '{']);
            // Where it starts and ends is nothing to do.
            let terminal = opened
                .and_then(|at| node.get(at..))
                .is_some_and(|shape| shape.starts_with("([") || shape.starts_with("(("));
            if terminal {
                continue;
            }
            let Some((id, label)) = opened.and_then(|at| Some((node.get(..at)?, node.get(at + 1..)?))) else {
                continue;
            };
            let id = id.rsplit(['|', ' ']).find(|id| !id.is_empty()).unwrap_or(id).trim().to_owned();
            let label = label.trim_matches(|c: char| !c.is_alphanumeric());
            let label = label
                .split(['\"', ']', ')', '}'])
                .next()
                .unwrap_or(label)
                .split("<br")
                .next()
                .unwrap_or_default()
                .to_owned();
            if seen.len() < 200 && !label.trim().is_empty() && !seen.contains(&id) {
                seen.push(id);
                parts.extend(part(&label, *no));
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(parts: Vec<Part>) -> Vec<String> {
        parts.into_iter().map(|part| part.title).collect()
    }

    fn numbered(text: &str) -> Vec<(u32, String)> {
        (1..).zip(text.lines().map(str::to_owned)).collect()
    }

    #[test]
    fn parts_between_arrows() {
        let drawing = "ANALYSE   → somebody\n  looks for the cause\n     ↓\nFIX -> x\n |\n v\n[Test]\n";
        assert_eq!(titles(between_arrows(&numbered(drawing))), ["ANALYSE", "FIX", "Test"]);
    }

    #[test]
    fn nodes_of_a_diagram() {
        let drawing = "graph TD\n  A[Create branch] --> B(Fix it)\n  B --> C{Tests pass?}\n  C -->|yes| D[Deploy]\n  C -->|no| B\n";
        assert_eq!(titles(nodes(&numbered(drawing))), ["Create branch", "Fix it", "Tests pass", "Deploy"]);
    }
}
