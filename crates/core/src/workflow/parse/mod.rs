//! Markdown into a document model with line numbers: sections, tables, lists,
//! quotes, fences and bold labels. It knows no workflow, and it refuses to
//! judge what the words mean.

mod builder;
mod headings;

pub(crate) use headings::with_headings;

use pulldown_cmark::{Options, Parser};

/// A line of running text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub no: u32,
    /// The bold words at its start that end in a colon.
    pub label: Option<String>,
    /// The rest, with code spans in back-ticks.
    pub text: String,
    /// Whether a colon stands behind the label.
    pub colon: bool,
}

impl Line {
    /// The label and the text.
    pub fn whole(&self) -> String {
        match &self.label {
            Some(label) if self.text.is_empty() => label.clone(),
            Some(label) => format!("{label}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// An item of a list; nested items follow their parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// 0 for the outermost list.
    pub depth: usize,
    /// Whether it has a number.
    pub ordered: bool,
    /// That number.
    pub number: u64,
    /// Whether it has a box to tick.
    pub task: bool,
    /// Its own lines.
    pub lines: Vec<Line>,
    /// The lines of code blocks in it.
    pub code: Vec<(u32, String)>,
    /// Its first line.
    pub line: u32,
}

impl Item {
    /// Its text on one line.
    pub fn text(&self) -> String {
        self.lines.iter().map(Line::whole).collect::<Vec<_>>().join(" ")
    }

    /// Its last line of text.
    pub fn last(&self) -> u32 {
        self.lines.last().map_or(self.line, |line| line.no)
    }
}

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its cells.
    pub cells: Vec<String>,
    /// From 1.
    pub line: u32,
}

impl Row {
    /// A cell's text without back-ticks; empty where there is none.
    pub fn cell(&self, column: usize) -> String {
        self.cells.get(column).map(|cell| plain(cell)).unwrap_or_default()
    }
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Running text.
    Paragraph(Vec<Line>),
    /// A quote.
    Quote(Vec<Line>),
    /// A list with everything nested in it.
    List(Vec<Item>),
    /// A table.
    Table(Row, Vec<Row>),
    /// A code block, without its markers.
    Fence(Vec<(u32, String)>),
    /// A rule or HTML.
    Other,
}

/// A block of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first line.
    pub first: u32,
    /// The last line.
    pub last: u32,
    /// A bold label (or an introduction ending in a colon) right before it.
    pub label: Option<Line>,
    /// What stands behind the opening marks of a fence, e.g. `bash`.
    pub info: String,
    /// What it is.
    pub content: Content,
}

impl Block {
    /// The words of its label, in lower case.
    pub fn label_text(&self) -> String {
        self.label.as_ref().map(|line| line.whole().to_lowercase()).unwrap_or_default()
    }
}

/// A heading with what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// 0 for what stands before the first heading.
    pub level: u8,
    /// The heading's text.
    pub title: String,
    /// The heading's line.
    pub line: u32,
    /// The last line before the next heading of any level.
    pub last: u32,
    /// The sections that this one lies in, outermost first.
    pub parents: Vec<usize>,
    /// The index after the last section that lies in this one.
    pub end: usize,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// In their order; the first stands before all headings.
    pub sections: Vec<Section>,
    /// The targets of links, with their lines.
    pub links: Vec<(u32, String)>,
    /// The page's lines after the front matter, with their numbers.
    pub raw: Vec<(u32, String)>,
}

impl Document {
    /// The index after the last section that lies in this one.
    pub fn end_of(&self, index: usize) -> usize {
        self.sections.get(index).map_or(0, |section| section.end)
    }

    /// The last line of the sections before this index.
    pub fn last_line_before(&self, end: usize) -> u32 {
        self.sections.get(end.wrapping_sub(1)).map_or(1, |section| section.last)
    }

    /// The targets of the links on a line.
    pub fn links_at(&self, line: u32) -> Vec<String> {
        let from = self.links.partition_point(|(no, _)| *no < line);
        let rest = self.links.get(from..).unwrap_or_default();
        rest.iter().take_while(|(no, _)| *no == line).map(|(_, target)| target.clone()).collect()
    }
}

/// Text without back-ticks and outer white space.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "").trim().to_owned()
}

/// Reads Markdown whose first line has the number `first_line`.
pub(crate) fn document(body: &str, first_line: u32) -> Document {
    let mut builder = builder::Builder::new(body, first_line);
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        builder.event(event, range);
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_right_after_its_label() {
        let doc = document("# T\n\n**Context Mapping:**\n| A | B |\n|---|---|\n| `x` | y |\n", 1);
        let blocks = &doc.sections[1].blocks;
        assert_eq!(blocks.len(), 2, "{blocks:?}");
        assert_eq!(blocks[1].label_text(), "context mapping");
        let Content::Table(header, rows) = &blocks[1].content else { panic!("{blocks:?}") };
        assert_eq!((header.line, rows[0].line, rows[0].cell(0)), (4, 6, "x".to_owned()));
    }

    #[test]
    fn labels_lists_and_nesting() {
        let doc = document("**Actions:**\n1. one\n   - sub\n2. **Two**: three\n\n> quoted\n> more\n", 5);
        let blocks = &doc.sections[0].blocks;
        let Content::List(items) = &blocks[1].content else { panic!("{blocks:?}") };
        let shape: Vec<_> = items.iter().map(|i| (i.depth, i.ordered, i.line, i.text())).collect();
        assert_eq!(
            shape,
            [
                (0, true, 6, "one".to_owned()),
                (1, false, 7, "sub".to_owned()),
                (0, true, 8, "Two: three".to_owned())
            ]
        );
        assert!(matches!(&blocks[2].content, Content::Quote(lines) if lines.len() == 2));
    }

    #[test]
    fn fences_keep_their_lines() {
        let doc = document("a\n\n```\none\n\ntwo\n```\n", 1);
        let Content::Fence(lines) = &doc.sections[0].blocks[1].content else { panic!() };
        assert_eq!(lines[0], (4, "one".to_owned()));
        assert_eq!(lines.len(), 3);
    }
}
