//! A page with a margin that says what each of its lines became.

use super::caret::wrapped_hint;
use super::{Texts, place};
use crate::ui::{BAD, BOLD, DIM, GOOD, NAME, WAIT, styled};
use anstyle::Style;
use hotfix_core::text::{one_line, printable};
use hotfix_core::workflow::{Diagnostic, Kind, Level, LineAccount, Workflow};
use std::collections::HashMap;
use textwrap::core::display_width;

/// The page and each file that it led to, line by line.
pub fn margin(workflow: &Workflow, shown: &[Diagnostic], texts: &Texts, width: usize) -> Vec<String> {
    let mut out = sheet(&Sheet { account: &workflow.account, file: None, shown, texts, width });
    for followed in &workflow.followed {
        let what = match (&followed.section, &followed.kind) {
            (Some(section), _) => format!("{}, the section \u{201c}{section}\u{201d}", followed.path),
            (None, kind) => format!("{} ({kind:?})", followed.path).to_lowercase(),
        };
        out.push(String::new());
        out.push(styled(BOLD, what));
        let file = Some(&followed.path);
        out.extend(sheet(&Sheet { account: &followed.account, file, shown, texts, width }));
    }
    out
}

/// A file with what its lines became.
struct Sheet<'a> {
    account: &'a [LineAccount],
    file: Option<&'a String>,
    shown: &'a [Diagnostic],
    texts: &'a Texts,
    width: usize,
}

/// The columns of a sheet: sign, margin, number, text.
struct Columns {
    margin: usize,
    number: usize,
    text: usize,
}

fn columns(width: usize, lines: usize) -> Columns {
    let number = lines.to_string().len().max(2);
    let width = width.clamp(50, 160);
    let margin = (width * 3 / 10).clamp(16, 36);
    Columns { margin, number, text: width.saturating_sub(margin + number + 6) }
}

fn sheet(sheet: &Sheet<'_>) -> Vec<String> {
    let lines: Vec<&str> = sheet.texts.text(sheet.file).lines().collect();
    let accounts: HashMap<u32, &LineAccount> = sheet.account.iter().map(|line| (line.line, line)).collect();
    let mut about: HashMap<u32, Vec<&Diagnostic>> = HashMap::new();
    for diagnostic in sheet.shown.iter().filter(|said| said.file.as_ref() == sheet.file) {
        about.entry(diagnostic.line).or_default().push(diagnostic);
    }
    let columns = columns(sheet.width, lines.len());
    let taken = |no: u32| sheet.file.is_none() || accounts.contains_key(&no);
    let first = sheet.account.first().map_or(1, |line| line.line);
    let last = sheet.account.last().map_or(0, |line| line.line);
    let mut out = Vec::new();
    for (no, line) in (1_u32..).zip(&lines) {
        let blank = line.trim().is_empty() && (first..=last).contains(&no);
        if !taken(no) && !blank {
            continue;
        }
        out.extend(rows(no, line, accounts.get(&no).copied(), &columns));
        for diagnostic in about.get(&no).into_iter().flatten() {
            out.extend(remark(diagnostic, sheet.texts, &columns));
        }
    }
    out
}

/// A line of the page: as many rows as its text or its margin needs.
fn rows(no: u32, line: &str, account: Option<&LineAccount>, columns: &Columns) -> Vec<String> {
    let (sign, style, words) = account.map_or((' ', DIM, String::new()), said);
    let text = printable(&line.replace('\t', "    "));
    let texts = wrapped(text.trim_end(), columns.text);
    let margins = wrapped(&words, columns.margin.saturating_sub(2));
    let count = texts.len().max(margins.len());
    let row = |at: usize| {
        let margin = margins.get(at).map_or("", String::as_str);
        let text = texts.get(at).map_or("", String::as_str);
        let sign = if at == 0 { sign } else { ' ' };
        let number = if at == 0 { no.to_string() } else { String::new() };
        let head = padded(&format!("{sign} {margin}"), columns.margin);
        let dim = account.is_none_or(|account| !account.is_understood() || is_form(account));
        let text = match text {
            "" => String::new(),
            _ if dim => format!(" {}", styled(DIM, text)),
            _ => format!(" {text}"),
        };
        let number = styled(DIM, format!("{number:>width$} │", width = columns.number));
        format!("{} {number}{text}", styled(style, head))
    };
    (0..count).map(row).collect()
}

fn is_form(account: &LineAccount) -> bool {
    let first = account.became.first().map(|became| became.kind);
    matches!(first, Some(Kind::Structure | Kind::Drawing | Kind::Comment))
}

/// What a line became, in a sign, a style and words.
fn said(account: &LineAccount) -> (char, Style, String) {
    if !account.is_understood() {
        let of = account.step.as_deref().map(|step| format!(" of {step}")).unwrap_or_default();
        return ('·', DIM, format!("guidance{of}"));
    }
    if is_form(account) {
        let comment = account.became.iter().any(|became| became.kind == Kind::Comment);
        return (' ', DIM, if comment { "comment".to_owned() } else { String::new() });
    }
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for became in &account.became {
        let kind = became.kind.name().replace('-', " ");
        match words.last_mut() {
            Some(last) if before == Some(became.kind) => last.extend([", ", &became.of]),
            _ => words.push(format!("{kind} {}", one_line(&became.of)).trim_end().to_owned()),
        }
        before = Some(became.kind);
    }
    let style = match account.became.first().map(|became| became.kind) {
        Some(Kind::Step) => NAME.bold(),
        Some(Kind::Label | Kind::TableHead | Kind::Title | Kind::Description | Kind::FrontMatter) => DIM,
        _ => GOOD,
    };
    ('✓', style, words.join("; "))
}

/// A diagnostic below its line.
fn remark(diagnostic: &Diagnostic, texts: &Texts, columns: &Columns) -> Vec<String> {
    let (sign, style, name) = match diagnostic.severity {
        Level::Error => ('✗', BAD, "error"),
        Level::Warning => ('!', WAIT, "warning"),
        Level::Note => ('i', DIM, "note"),
    };
    let head = padded(&format!("{sign} {name}[{}]", diagnostic.code), columns.margin);
    let place = place(texts, diagnostic);
    let column = place.rsplit(':').next().unwrap_or_default();
    let mut lines = wrapped(&format!("^ column {column}: {}", one_line(&diagnostic.message)), columns.text);
    if let Some(hint) = &diagnostic.hint {
        lines.extend(wrapped_hint(hint, columns.text).lines().map(str::to_owned));
    }
    let row = |(at, line): (usize, String)| {
        let head = if at == 0 { head.clone() } else { padded("", columns.margin) };
        let number = styled(DIM, format!("{:>width$} │", "", width = columns.number));
        format!("{} {number} {}", styled(style, head), styled(style, line)).trim_end().to_owned()
    };
    lines.into_iter().enumerate().map(row).collect()
}

/// Text on rows of at most so many columns, broken at a space, or else after a
/// mark, where that leaves no large hole, or else at any character; an
/// indented text stays indented.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let indent = text.len() - text.trim_start_matches(' ').len();
    let indent = " ".repeat(indent.min(width / 3) + 2);
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = display_width(c.encode_utf8(&mut [0; 4]));
        if used + wide > width {
            let rest = break_in(&row, width).map(|at| row.split_off(at));
            rows.push(row.trim_end().to_owned());
            row = format!("{indent}{}", rest.as_deref().unwrap_or_default().trim_start());
            used = display_width(&row);
            if c == ' ' && row.trim().is_empty() {
                continue;
            }
        }
        row.push(c);
        used += wide;
    }
    rows.push(row);
    rows
}

/// Where to break a full row, in bytes.
fn break_in(row: &str, width: usize) -> Option<usize> {
    let no_hole = |at: &usize| display_width(row.get(..*at).unwrap_or_default()) * 2 > width;
    let after = |at: usize| at + row.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    let mark = |marks: &[char]| row.rfind(marks).map(after).filter(no_hole).filter(|at| *at < row.len());
    row.rfind(' ').filter(no_hole).or_else(|| mark(&['/'])).or_else(|| mark(&['.', '_', '-']))
}

/// Text filled up to so many columns, however wide its characters are.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(text))))
}
