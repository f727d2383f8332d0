//! Which sections lie in which; and lines that stand as headings without
//! being any in Markdown: `**Step 1: Fix**`, `Step 1: Fix`, `一、修复`.

use super::{Block, Content, Document, Line, Section};

/// The level of such a heading: below all others.
const LEVEL: u8 = 7;

/// Fills in the sections' last lines, parents and ends.
pub(super) fn nest(sections: &mut [Section], end: u32) {
    let lines: Vec<u32> = sections.iter().skip(1).map(|section| section.line).collect();
    let mut open: Vec<(u8, usize)> = Vec::new();
    for (at, section) in sections.iter_mut().enumerate() {
        section.last = lines.get(at).map_or(end, |line| line.saturating_sub(1));
        open.retain(|(level, _)| *level < section.level);
        section.parents = open.iter().map(|(_, at)| *at).collect();
        if section.level > 0 {
            open.push((section.level, at));
        }
    }
    let mut following = [sections.len(); LEVEL as usize + 1];
    for (at, section) in sections.iter_mut().enumerate().rev() {
        let level = usize::from(section.level.min(LEVEL));
        section.end = following.get(level).copied().unwrap_or(at + 1);
        following.iter_mut().skip(level).for_each(|next| *next = at);
    }
}

/// The page with further headings: the lines of paragraphs for which `title`
/// has one. What is left of such a line is its section's first paragraph.
pub(crate) fn with_headings(
    doc: &Document,
    title: impl Fn(&Line) -> Option<(String, Option<Line>)>,
) -> Document {
    let mut out = Document { sections: Vec::new(), links: doc.links.clone(), raw: doc.raw.clone() };
    for section in &doc.sections {
        let mut head = section.clone();
        let blocks = std::mem::take(&mut head.blocks);
        out.sections.push(head);
        for block in blocks {
            match &block.content {
                Content::Paragraph(lines) => paragraph(&block, lines, &title, &mut out.sections),
                _ => push(&mut out.sections, block),
            }
        }
    }
    let end = doc.raw.last().map_or(1, |(no, _)| *no);
    nest(&mut out.sections, end);
    out
}

fn push(sections: &mut [Section], mut block: Block) {
    let Some(section) = sections.last_mut() else { return };
    // What was a label has become the heading above.
    block.label = block.label.filter(|label| label.no != section.line);
    section.blocks.push(block);
}

fn paragraph(
    block: &Block,
    lines: &[Line],
    title: &impl Fn(&Line) -> Option<(String, Option<Line>)>,
    sections: &mut Vec<Section>,
) {
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        let Some((title, rest)) = title(line) else {
            kept.push(line.clone());
            continue;
        };
        flush(block, &mut kept, sections);
        let section = Section {
            level: LEVEL,
            title,
            line: line.no,
            last: line.no,
            parents: vec![],
            end: 0,
            blocks: vec![],
        };
        sections.push(section);
        kept.extend(rest);
    }
    flush(block, &mut kept, sections);
}

fn flush(block: &Block, kept: &mut Vec<Line>, sections: &mut [Section]) {
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return };
    let (first, last) = (first.no, last.no);
    let content = Content::Paragraph(std::mem::take(kept));
    push(sections, Block { first, last, label: block.label.clone(), info: String::new(), content });
}
