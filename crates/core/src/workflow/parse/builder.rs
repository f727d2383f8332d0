//! From the parser's events to sections, blocks and items.

use super::{Block, Content, Document, Item, Line, Row, Section, plain};
use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use std::ops::Range;

pub(super) struct Builder<'a> {
    body: &'a str,
    first_line: u32,
    starts: Vec<usize>,
    document: Document,
    lines: Vec<Line>,
    fresh: bool,
    bold_from_start: bool,
    bold_end: Option<usize>,
    quotes: usize,
    /// The next number of each open list.
    numbers: Vec<Option<u64>>,
    open: Vec<usize>,
    items: Vec<Item>,
    header: Row,
    rows: Vec<Row>,
    cells: Vec<String>,
    in_code: bool,
    pending: Option<Line>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(body: &'a str, first_line: u32) -> Self {
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
            numbers: vec![],
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

    pub(super) fn event(&mut self, event: Event<'_>, range: Range<usize>) {
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
            Tag::Heading { .. } if self.is_inside() => self.break_line(),
            Tag::Heading { .. } | Tag::TableCell => self.restart(),
            Tag::Paragraph => self.break_line(),
            Tag::BlockQuote(_) => {
                self.break_line();
                self.quotes += 1;
            }
            Tag::List(number) => {
                self.save_item();
                self.numbers.push(number);
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
            TagEnd::Heading(_) if self.is_inside() => self.break_line(),
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
                self.numbers.pop();
                if outermost && self.numbers.is_empty() && !self.items.is_empty() {
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

    /// A heading in an item or a quote is a line of it.
    fn is_inside(&self) -> bool {
        self.quotes > 0 || !self.open.is_empty()
    }

    fn row(&mut self, range: &Range<usize>) -> Row {
        Row { cells: std::mem::take(&mut self.cells), line: self.line_at(range.start) }
    }

    fn heading(&mut self, level: u8, range: &Range<usize>) {
        let title = self.take().iter().map(Line::whole).collect::<Vec<_>>().join(" ");
        let line = self.line_at(range.start);
        self.pending = None;
        self.document.sections.push(Section {
            level,
            title,
            line,
            last: line,
            parents: vec![],
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
        let depth = self.numbers.len().saturating_sub(1);
        let next = self.numbers.last_mut().and_then(Option::as_mut);
        let number = next.map(|next| {
            *next = next.saturating_add(1);
            next.saturating_sub(1)
        });
        self.items.push(Item {
            depth,
            ordered: number.is_some(),
            number: number.unwrap_or_default(),
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
            let block = self.document.sections.last_mut().and_then(|section| section.blocks.last_mut());
            if let (Some(block), CodeBlockKind::Fenced(info)) = (block, kind) {
                block.info = info.split_whitespace().next().unwrap_or_default().to_lowercase();
            }
        }
    }

    /// Adds a block to the last section; a lone label waits for the block after it.
    fn push(&mut self, content: Content, range: &Range<usize>) {
        let (first, last) = self.span(range);
        let label = self.pending.take();
        if let Content::Paragraph(lines) = &content {
            self.pending = introduction(lines);
        }
        if let Some(section) = self.document.sections.last_mut() {
            section.blocks.push(Block { first, last, label, info: String::new(), content });
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
            line.colon = true;
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
            line.colon = true;
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

    pub(super) fn finish(mut self) -> Document {
        let end = self.document.raw.last().map_or(self.first_line, |(no, _)| *no);
        super::headings::nest(&mut self.document.sections, end);
        self.document
    }
}

/// A longer text is no introduction of what follows.
const MOST_INTRODUCTION: usize = 160;

/// What a paragraph says about the block after it: a lone label, or a text
/// that ends in a colon.
fn introduction(lines: &[Line]) -> Option<Line> {
    let (first, last) = (lines.first()?, lines.last()?);
    if last.label.is_some() && last.text.is_empty() {
        return Some(last.clone());
    }
    if !last.text.trim_end().ends_with([':', '：']) {
        return None;
    }
    if lines.len() == 1 {
        return Some(last.clone());
    }
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let whole = Line { no: last.no, label: first.label.clone(), text: texts.join(" "), colon: first.colon };
    (whole.text.len() <= MOST_INTRODUCTION).then_some(whole)
}
