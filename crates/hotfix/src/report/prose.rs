//! What a person wrote, as blocks: the little Markdown that an analysis uses
//! (paragraphs, lists, code). The rest stays as it was typed.

use serde::Serialize;

/// A block of prose.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    /// Running text.
    Paragraph { spans: Vec<Span> },
    /// A list without numbers.
    List { items: Vec<Vec<Span>> },
    /// A small heading.
    Heading { spans: Vec<Span> },
    /// Lines kept as they are.
    Code { text: String },
}

/// A piece of a line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Set in the type of code.
    pub code: bool,
    /// Set in bold.
    pub strong: bool,
    /// The words.
    pub text: String,
}

/// Whether a line opens or closes lines of code.
pub fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

/// The words of a list's line, if it is one.
pub fn bullet(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

/// Reads a text into blocks.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_fence(line) {
            close(&mut open, &mut out);
            let code: Vec<&str> = lines.by_ref().take_while(|l| !is_fence(l)).collect();
            out.push(Block::Code { text: code.join("\n") });
            continue;
        }
        let starts_list = bullet(line).is_some() && open.first().is_some_and(|l| bullet(l).is_none());
        if line.trim().is_empty() || line.starts_with('#') || starts_list {
            close(&mut open, &mut out);
        }
        if let Some(heading) = line.strip_prefix('#') {
            out.push(Block::Heading { spans: spans(heading.trim_start_matches('#').trim()) });
        } else if !line.trim().is_empty() {
            open.push(line);
        }
    }
    close(&mut open, &mut out);
    out
}

fn close(open: &mut Vec<&str>, out: &mut Vec<Block>) {
    if open.first().is_some_and(|l| bullet(l).is_some()) {
        let items = joined_bullets(open).iter().map(|item| spans(item)).collect();
        out.push(Block::List { items });
    } else if !open.is_empty() {
        let words: Vec<&str> = open.iter().map(|l| l.trim()).collect();
        out.push(Block::Paragraph { spans: spans(&words.join(" ")) });
    }
    open.clear();
}

/// The items of a list; a line without a mark goes on with the one before.
pub fn joined_bullets(lines: &[&str]) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in lines.iter().filter(|l| !l.trim().is_empty()) {
        match (bullet(line), items.last_mut()) {
            (Some(words), _) => items.push(words.to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            (None, None) => items.push(line.trim().to_owned()),
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// A line's pieces: `` `code` `` and `**bold**`, the rest plain.
pub fn spans(line: &str) -> Vec<Span> {
    let mut out = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let next = [("`", true), ("**", false)]
            .iter()
            .filter_map(|(mark, code)| marked(rest, mark).map(|(from, to)| (from, to, mark.len(), *code)))
            .min_by_key(|(from, ..)| *from);
        let Some((from, to, width, code)) = next else { break };
        push(&mut out, &rest[..from], false, false);
        push(&mut out, &rest[from + width..to], code, !code);
        rest = &rest[to + width..];
    }
    push(&mut out, rest, false, false);
    out
}

fn marked(text: &str, mark: &str) -> Option<(usize, usize)> {
    let from = text.find(mark)?;
    let inner = from + mark.len();
    let to = inner + text[inner..].find(mark)?;
    (to > inner).then_some((from, to))
}

fn push(out: &mut Vec<Span>, text: &str, code: bool, strong: bool) {
    if !text.is_empty() {
        out.push(Span { code, strong, text: text.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart() {
        let read = blocks("One `a`\ntwo.\n- x\n  more\n- **y**\n\n```sh\nls\n```\n### H\nend");
        assert_eq!(read.len(), 5);
        assert!(matches!(&read[0], Block::Paragraph { spans } if spans.len() == 3));
        assert!(matches!(&read[1], Block::List { items } if items.len() == 2));
        assert_eq!(read[2], Block::Code { text: "ls".into() });
    }

    #[test]
    fn unfinished_marks_stay_text() {
        for text in ["a ` b", "** x", "````", "``", "`", "*** a ** b"] {
            let all: String = spans(text).iter().map(|s| s.text.as_str()).collect();
            assert!(!all.is_empty(), "{text}");
        }
    }
}
