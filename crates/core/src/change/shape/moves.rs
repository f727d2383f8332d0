//! Code that goes in one place and comes in another, in one file or between
//! two: the longest runs of lines that say something and are the same.

use super::super::block::{Block, squeeze};
use super::super::reading::Reading;
use super::super::{FileChange, LineKind};
use std::collections::HashMap;

/// So many lines that go in one place and come in another are a move.
const MOVED_LINES: usize = 5;

/// A run of lines that has moved.
pub(super) struct Move<'c> {
    pub(super) file: &'c FileChange,
    /// Where it comes.
    pub(super) line: Option<u32>,
    pub(super) lines: usize,
    /// The file that it comes from.
    pub(super) from: String,
    pub(super) from_line: u32,
}

/// A line that says something, with its number.
type Row = (String, Option<u32>);

/// A place of the change: its file, and the block in it.
type Place = (usize, usize);

/// All moves, at most one for each place that code comes to.
pub(super) fn find<'c>(readings: &[&Reading<'c>]) -> Vec<Move<'c>> {
    let gone = sides(readings, LineKind::Removed);
    let mut index: HashMap<&[Row], (Place, usize)> = HashMap::new();
    // Rows compare by their text alone: the numbers differ where code moved.
    let keys: Vec<(Place, Vec<Row>)> = gone
        .iter()
        .map(|(place, rows)| (*place, rows.iter().map(|(t, _)| (t.clone(), None)).collect()))
        .collect();
    for (place, rows) in &keys {
        for (at, window) in rows.windows(MOVED_LINES).enumerate() {
            index.entry(window).or_insert((*place, at));
        }
    }
    if index.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (place, rows) in sides(readings, LineKind::Added) {
        let bare: Vec<Row> = rows.iter().map(|(text, _)| (text.clone(), None)).collect();
        let found = bare.windows(MOVED_LINES).enumerate().find_map(|(at, window)| {
            index.get(window).filter(|(source, _)| *source != place).map(|source| (at, *source))
        });
        let Some((at, (source, from_at))) = found else { continue };
        let Some((_, old)) = gone.iter().find(|(other, _)| *other == source) else { continue };
        let same = rows[at..].iter().zip(&old[from_at..]).take_while(|(new, old)| new.0 == old.0).count();
        out.push(Move {
            file: readings[place.0].file,
            line: rows[at].1,
            lines: same,
            from: readings[source.0]
                .file
                .old_path
                .clone()
                .unwrap_or_else(|| readings[source.0].file.path.clone()),
            from_line: old[from_at].1.unwrap_or(1),
        });
    }
    out
}

fn sides(readings: &[&Reading<'_>], kind: LineKind) -> Vec<(Place, Vec<Row>)> {
    let mut out = Vec::new();
    for (file, reading) in readings.iter().enumerate() {
        for (index, block) in reading.blocks.iter().enumerate().filter(|(_, block)| !block.in_test) {
            let rows = significant(reading, block, kind);
            if rows.len() >= MOVED_LINES {
                out.push(((file, index), rows));
            }
        }
    }
    out
}

/// The lines of a block that say something, squeezed. Lines that many places
/// have (a bracket, an `else`, an import) say nothing of where they come from.
fn significant(reading: &Reading<'_>, block: &Block<'_>, kind: LineKind) -> Vec<Row> {
    let lines = if kind == LineKind::Added { &block.added } else { &block.removed };
    let lines = lines.iter().filter(|line| !reading.is_comment(line) && !is_import(&line.text));
    let squeezed = lines.map(|line| {
        let number = if kind == LineKind::Added { line.new_line } else { line.old_line };
        (squeeze(line.text.trim(), reading.lang), number)
    });
    squeezed.filter(|(text, _)| text.chars().filter(|c| c.is_alphanumeric()).count() > 2).collect()
}

fn is_import(line: &str) -> bool {
    let line = line.trim_start();
    ["import ", "from ", "use ", "pub use ", "#include", "using ", "require", "const {", "} from "]
        .iter()
        .any(|start| line.starts_with(start))
}
