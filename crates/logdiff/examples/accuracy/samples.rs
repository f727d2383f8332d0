//! Samples in the layout of Loghub, read from a folder that is given.

use std::path::Path;

/// Which part of a line is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum View {
    Raw,
    /// The message, as the sample's table has it: its header was cut off by hand.
    Content,
}

impl View {
    pub fn of(name: &str) -> Self {
        if name == "content" { Self::Content } else { Self::Raw }
    }
}

/// A line with what is true of it.
pub struct Line {
    pub raw: String,
    pub content: String,
    pub id: String,
    pub template: String,
}

impl Line {
    pub fn text(&self, view: View) -> &str {
        if view == View::Raw { &self.raw } else { &self.content }
    }
}

/// All samples of a folder, by name.
pub fn all(dir: &Path) -> std::io::Result<Vec<(String, Vec<Line>)>> {
    let mut samples = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let log = dir.join(&name).join(format!("{name}_2k.log"));
        if log.exists() {
            let table = dir.join(&name).join(format!("{name}_2k.log_structured.csv"));
            samples.push((name, one(&log, &table)?));
        }
    }
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(samples)
}

fn one(log: &Path, table: &Path) -> std::io::Result<Vec<Line>> {
    let raw = std::fs::read(log)?;
    let raw = String::from_utf8_lossy(&raw);
    let rows = csv(&std::fs::read_to_string(table)?);
    let head = &rows[0];
    let column = |name: &str| head.iter().position(|cell| cell == name).unwrap_or(0);
    let (content, id, template) = (column("Content"), column("EventId"), column("EventTemplate"));
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    Ok(raw
        .lines()
        .zip(rows.iter().skip(1))
        .map(|(raw, row)| Line {
            raw: raw.trim_end_matches('\r').to_owned(),
            content: cell(row, content),
            id: cell(row, id),
            template: cell(row, template),
        })
        .collect())
}

/// Rows of comma-separated values with quotes (RFC 4180).
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}
