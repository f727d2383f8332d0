//! Checklists in all their forms: items with boxes, fences full of boxes, and
//! headings and labels that say that something must hold.

use super::parse::{Block, Content, plain};

/// What a box looks like at the beginning of a line.
const BOXES: &[&str] = &["[ ]", "[x]", "[X]", "☐", "□", "⬜", "☑", "◻"];

/// The text behind a box, if a line has one.
pub(crate) fn boxed(line: &str) -> Option<&str> {
    let line = line.trim();
    let bullet = line.strip_prefix(['-', '*', '+', '•', '·']).map_or(line, str::trim_start);
    let rest = BOXES.iter().find_map(|mark| bullet.strip_prefix(mark))?.trim();
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let counted = rest.get(digits..).and_then(|rest| rest.strip_prefix(['.', ')'])).filter(|_| digits > 0);
    let rest = counted.unwrap_or(rest).trim();
    (!rest.is_empty()).then_some(rest)
}

/// The items of a fence that is a checklist, with their lines. One that shows
/// a command or a document to be written is none.
pub(crate) fn fenced(block: &Block) -> Vec<(u32, String)> {
    let Content::Fence(lines) = &block.content else { return vec![] };
    if !matches!(block.info.as_str(), "" | "text" | "txt" | "checklist" | "plaintext") {
        return vec![];
    }
    let said: Vec<&(u32, String)> =
        lines.iter().filter(|(_, line)| line.chars().any(char::is_alphanumeric)).collect();
    let items: Vec<(u32, String)> =
        said.iter().filter_map(|(no, line)| Some((*no, plain(boxed(line)?)))).collect();
    let written = said.iter().any(|(_, line)| line.starts_with('#') || line.contains("<<"));
    if items.len() < 2 || items.len() * 3 < said.len() || written { vec![] } else { items }
}

/// Whether a heading is a gate of its own: `GATE: confirm before the merge`,
/// `Gate 0: is it a hotfix at all?`.
pub(crate) fn is_gate(heading: &str) -> bool {
    gate(heading).is_some()
}

/// What such a line says behind the word: nothing, a name, a number, a demand.
pub(crate) fn gate(heading: &str) -> Option<String> {
    let title = super::titles::unadorned(heading).to_lowercase();
    let gates = [
        "gate",
        "checkpoint",
        "go/no-go",
        "go / no-go",
        "hard stop",
        "stop gate",
        "quality gate",
        "approval gate",
    ];
    gates.iter().find_map(|word| {
        let behind = title.strip_prefix(word)?;
        let rest = behind.trim_start();
        let lettered =
            rest.strip_prefix(|c: char| c.is_ascii_alphanumeric()).filter(|_| behind.starts_with(' '));
        let marked = |rest: &str| rest.is_empty() || rest.starts_with([':', '-', '–', '—', '(', '：']);
        let counted = rest.starts_with(|c: char| c.is_ascii_digit());
        let fits = marked(rest) || counted || lettered.map(str::trim_start).is_some_and(marked);
        fits.then(|| rest.trim_start_matches([':', '-', '–', '—', '：', ' ']).to_owned())
    })
}

/// Whether a label says that what follows must hold: `Gate:`, `Exit criteria:`.
pub(crate) fn demands(label: &str) -> bool {
    const WORDS: &[&str] = &[
        "gate",
        "quality gate",
        "exit gate",
        "exit criteria",
        "exit criterion",
        "done when",
        "precondition",
        "preconditions",
        "prerequisites",
        "prerequisite",
        "must hold",
        "pass criteria",
        "success criteria",
        "acceptance criteria",
        "voraussetzung",
        "voraussetzungen",
        "fertig wenn",
        "prérequis",
        "prerrequisitos",
        "pré-requisitos",
        "prerequisiti",
        "условия",
        "ön koşullar",
        "prasyarat",
        "前提条件",
        "完了条件",
        "前置条件",
        "完成条件",
        "전제 조건",
        "완료 조건",
    ];
    let label = label.trim().to_lowercase();
    WORDS.contains(&label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::parse::document;

    fn of(text: &str) -> Vec<(u32, String)> {
        document(text, 1).sections[0].blocks.iter().flat_map(fenced).collect()
    }

    #[test]
    fn boxes() {
        let rows = [
            ("- [ ] a", Some("a")),
            ("[x] 2. b", Some("b")),
            ("☐ `c`", Some("`c`")),
            ("* [ ]", None),
            ("[link](x)", None),
            ("✅ done", None),
        ];
        for (line, text) in rows {
            assert_eq!(boxed(line), text, "{line}");
        }
    }

    #[test]
    fn fences_full_of_boxes() {
        let items = of("```\nBefore:\n[ ] 1. one\n- [ ] two\n━━━\n```\n");
        assert_eq!(items, [(3, "one".to_owned()), (4, "two".to_owned())]);
        assert!(of("```bash\n[ ] one\n[ ] two\n```\n").is_empty());
        assert!(of("```\n# Title\n- [ ] one\n- [ ] two\n```\n").is_empty());
        assert!(of("```\none\ntwo\nthree\nfour\nfive\n- [ ] six\n- [ ] seven\n```\n").is_empty());
    }

    #[test]
    fn gates_by_their_heading() {
        for heading in ["⚠️ GATE: Bestätigung", "Gate 0: Really?", "Quality Gate", "🛑 Hard stop — ask"]
        {
            assert!(is_gate(heading), "{heading}");
        }
        for heading in ["Quality Gates", "Gated rollout", "Gate keepers", "Investigate"] {
            assert!(!is_gate(heading), "{heading}");
        }
    }
}
