//! Markdown into a document model with line numbers: sections, tables, lists,
//! quotes, fences and bold labels. It knows no workflow, and it refuses to
//! judge what the words mean.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// A line of running text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub no: u32,
    /// The bold words at its start that end in a colon.
    pub label: Option<String>,
    /// The rest, with code spans in back-ticks.
    pub text: String,
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

    /// The title of a section and those it lies in, outermost first, in lower case.
    pub fn titles(&self, index: usize) -> Vec<String> {
        self.path(index).map(|section| section.title.to_lowercase()).collect()
    }

    /// Those titles without the page's own.
    pub fn titles_below_first(&self, index: usize) -> Vec<String> {
        let below = self.path(index).filter(|section| section.level > 1);
        below.map(|section| section.title.to_lowercase()).collect()
    }

    fn path(&self, index: usize) -> impl Iterator<Item = &Section> {
        let section = self.sections.get(index);
        let parents = section.map(|section| section.parents.as_slice()).unwrap_or_default();
        parents.iter().filter_map(|&at| self.sections.get(at)).chain(section)
    }
}

/// Text without back-ticks and outer white space.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "").trim().to_owned()
}

/// Reads Markdown whose first line has the number `first_line`.
pub(crate) fn document(body: &str, first_line: u32) -> Document {
    let mut builder = Builder::new(body, first_line);
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        builder.event(event, range);
    }
    builder.finish()
}

struct Builder<'a> {
    body: &'a str,
    first_line: u32,
    starts: Vec<usize>,
    document: Document,
    lines: Vec<Line>,
    fresh: bool,
    bold_from_start: bool,
    bold_end: Option<usize>,
    quotes: usize,
    ordered: Vec<bool>,
    open: Vec<usize>,
    items: Vec<Item>,
    header: Row,
    rows: Vec<Row>,
    cells: Vec<String>,
    in_code: bool,
    pending: Option<Line>,
}

impl<'a> Builder<'a> {
    fn new(body: &'a str, first_line: u32) -> Self {
        let mut starts = vec![0];
        starts.extend(body.match_indices('\n').map(|(at, _)| at + 1));
        let top = Section {
            level: 0,
            title: String::new(),
            line: 0,
            last: 0,
            parents: vec![],
            end: 0,
            blocks: vec![],
        };
        let raw = (first_line..).zip(body.lines().map(str::to_owned)).collect();
        Builder {
            body,
            first_line,
            starts,
            document: Document { sections: vec![top], links: vec![], raw },
            lines: vec![],
            fresh: true,
            bold_from_start: false,
            bold_end: None,
            quotes: 0,
            ordered: vec![],
            open: vec![],
            items: vec![],
            header: Row::default(),
            rows: vec![],
            cells: vec![],
            in_code: false,
            pending: None,
        }
    }

    fn line_at(&self, offset: usize) -> u32 {
        let index = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        self.first_line.saturating_add(u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn span(&self, range: &Range<usize>) -> (u32, u32) {
        let text = self.body.get(range.clone()).unwrap_or_default();
        let end = range.start + text.trim_end().len();
        (self.line_at(range.start), self.line_at(end.saturating_sub(1).max(range.start)))
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, &range),
            Event::Text(text) if !self.in_code => self.append(&text, range.start),
            Event::Code(code) => self.append(&format!("`{code}`"), range.start),
            Event::InlineHtml(html) if !html.starts_with("<!--") => self.append(&html, range.start),
            Event::SoftBreak | Event::HardBreak => self.break_line(),
            Event::TaskListMarker(_) => self.mark_task(),
            Event::Rule if self.open.is_empty() => self.push(Content::Other, &range),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { .. } | Tag::TableCell => self.restart(),
            Tag::Paragraph => self.break_line(),
            Tag::BlockQuote(_) => {
                self.break_line();
                self.quotes += 1;
            }
            Tag::List(number) => {
                self.save_item();
                self.ordered.push(number.is_some());
            }
            Tag::Item => self.start_item(&range),
            Tag::CodeBlock(kind) => self.code(&kind, &range),
            Tag::Table(_) => self.rows.clear(),
            Tag::TableHead | Tag::TableRow => self.cells.clear(),
            Tag::Strong => {
                self.bold_from_start =
                    self.fresh || self.lines.last().is_none_or(|line| line.text.is_empty());
            }
            Tag::Link { dest_url, .. } => {
                let line = self.line_at(range.start);
                self.document.links.push((line, dest_url.into_string()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        let outermost = self.quotes == 0 && self.open.is_empty();
        match tag {
            TagEnd::Heading(level) => self.heading(level as u8, range),
            TagEnd::Paragraph if outermost => {
                let lines = self.take();
                self.push(Content::Paragraph(lines), range);
            }
            TagEnd::BlockQuote(_) => {
                self.quotes = self.quotes.saturating_sub(1);
                if self.quotes == 0 && self.open.is_empty() {
                    let lines = self.take();
                    self.push(Content::Quote(lines), range);
                }
            }
            TagEnd::Item if self.quotes == 0 => {
                self.save_item();
                self.open.pop();
            }
            TagEnd::List(_) => {
                self.ordered.pop();
                if outermost && self.ordered.is_empty() && !self.items.is_empty() {
                    let items = std::mem::take(&mut self.items);
                    self.push(Content::List(items), range);
                }
            }
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::TableCell => {
                let cell = self.take().iter().map(Line::whole).collect::<Vec<_>>().join(" ");
                self.cells.push(cell.trim().to_owned());
            }
            TagEnd::TableHead => self.header = self.row(range),
            TagEnd::TableRow => {
                let row = self.row(range);
                self.rows.push(row);
            }
            TagEnd::Table => {
                let (header, rows) = (std::mem::take(&mut self.header), std::mem::take(&mut self.rows));
                self.push(Content::Table(header, rows), range);
            }
            TagEnd::HtmlBlock if outermost => self.push(Content::Other, range),
            TagEnd::Strong => self.end_bold(),
            _ => {}
        }
    }

    fn row(&mut self, range: &Range<usize>) -> Row {
        Row { cells: std::mem::take(&mut self.cells), line: self.line_at(range.start) }
    }

    fn heading(&mut self, level: u8, range: &Range<usize>) {
        let title = self.take().iter().map(Line::whole).collect::<Vec<_>>().join(" ");
        let line = self.line_at(range.start);
        let mut parents = self.document.sections.last().map(|s| s.parents.clone()).unwrap_or_default();
        if self.document.sections.len() > 1 {
            parents.push(self.document.sections.len() - 1);
        }
        parents.retain(|&at| self.document.sections.get(at).is_some_and(|section| section.level < level));
        self.pending = None;
        self.document.sections.push(Section {
            level,
            title,
            line,
            last: line,
            parents,
            end: 0,
            blocks: vec![],
        });
    }

    fn start_item(&mut self, range: &Range<usize>) {
        self.break_line();
        if self.quotes > 0 {
            return;
        }
        self.save_item();
        self.open.push(self.items.len());
        self.items.push(Item {
            depth: self.ordered.len().saturating_sub(1),
            ordered: self.ordered.last().copied().unwrap_or_default(),
            task: false,
            lines: vec![],
            code: vec![],
            line: self.line_at(range.start),
        });
    }

    fn mark_task(&mut self) {
        if let Some(item) = self.open.last().and_then(|&at| self.items.get_mut(at)) {
            item.task = true;
        }
    }

    /// Puts the lines read so far into the innermost open item.
    fn save_item(&mut self) {
        let lines = self.take();
        if let Some(item) = self.open.last().and_then(|&at| self.items.get_mut(at)) {
            item.lines.extend(lines);
        }
    }

    fn code(&mut self, kind: &CodeBlockKind<'_>, range: &Range<usize>) {
        self.in_code = true;
        let (first, last) = self.span(range);
        let skip = u32::from(matches!(kind, CodeBlockKind::Fenced(_)));
        let start = usize::try_from(first.saturating_sub(self.first_line)).unwrap_or(usize::MAX);
        let length = usize::try_from(last.saturating_sub(first)).unwrap_or_default() + 1;
        let mut lines: Vec<_> =
            self.document.raw.iter().skip(start).take(length).skip(skip as usize).cloned().collect();
        let closed = lines.last().is_some_and(|(_, text)| {
            let text = text.trim();
            text.starts_with("```") || text.starts_with("~~~")
        });
        if skip > 0 && closed {
            lines.pop();
        }
        if let Some(item) = self.open.last().and_then(|&at| self.items.get_mut(at)) {
            item.code.extend(lines);
        } else {
            self.push(Content::Fence(lines), range);
        }
    }

    /// Adds a block to the last section; a lone label waits for the block after it.
    fn push(&mut self, content: Content, range: &Range<usize>) {
        let (first, last) = self.span(range);
        let label = self.pending.take();
        if let Content::Paragraph(lines) = &content
            && let Some(line) = lines.last()
            && introduces(line, lines.len())
        {
            self.pending = Some(line.clone());
        }
        if let Some(section) = self.document.sections.last_mut() {
            section.blocks.push(Block { first, last, label, content });
        }
    }

    fn append(&mut self, text: &str, offset: usize) {
        let no = self.line_at(offset);
        if std::mem::take(&mut self.fresh) || self.lines.is_empty() {
            self.lines.push(Line { no, ..Line::default() });
        }
        let Some(line) = self.lines.last_mut() else { return };
        let after_bold = self.bold_end.take() == Some(line.text.len()) && !line.text.is_empty();
        if after_bold && line.label.is_none() && text.trim_start().starts_with([':', '：']) {
            line.label = Some(plain(&line.text));
            text.trim_start().trim_start_matches([':', '：']).trim_start().clone_into(&mut line.text);
        } else if line.label.is_some() && line.text.is_empty() {
            line.text.push_str(text.trim_start());
        } else {
            line.text.push_str(text);
        }
    }

    fn end_bold(&mut self) {
        let from_start = std::mem::take(&mut self.bold_from_start);
        let Some(line) = self.lines.last_mut().filter(|line| from_start && line.label.is_none()) else {
            return;
        };
        if let Some(label) = line.text.trim_end().strip_suffix([':', '：']) {
            line.label = Some(plain(label));
            line.text.clear();
        } else {
            self.bold_end = Some(line.text.len());
        }
    }

    /// A line that is bold from end to end labels what follows.
    fn break_line(&mut self) {
        if let Some(line) = self.lines.last_mut()
            && self.bold_end.take() == Some(line.text.len())
            && line.label.is_none()
        {
            line.label = Some(plain(&std::mem::take(&mut line.text)));
        }
        self.fresh = true;
    }

    fn restart(&mut self) {
        self.lines.clear();
        self.bold_end = None;
        self.fresh = true;
    }

    fn take(&mut self) -> Vec<Line> {
        self.break_line();
        let mut lines = std::mem::take(&mut self.lines);
        for line in &mut lines {
            line.text.truncate(line.text.trim_end().len());
        }
        lines
    }

    fn finish(mut self) -> Document {
        let end = self.document.raw.last().map_or(self.first_line, |(no, _)| *no);
        let next: Vec<u32> = self.document.sections.iter().skip(1).map(|section| section.line).collect();
        for (at, section) in self.document.sections.iter_mut().enumerate() {
            section.last = next.get(at).map_or(end, |line| line.saturating_sub(1));
        }
        let mut following = [self.document.sections.len(); 8];
        for (at, section) in self.document.sections.iter_mut().enumerate().rev() {
            let level = usize::from(section.level.min(7));
            section.end = following.get(level).copied().unwrap_or(at + 1);
            following.iter_mut().skip(level).for_each(|next| *next = at);
        }
        self.document
    }
}

fn introduces(line: &Line, lines: usize) -> bool {
    let lone_label = line.label.is_some() && line.text.is_empty();
    lone_label || (lines == 1 && line.text.trim_end().ends_with([':', '：']))
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
