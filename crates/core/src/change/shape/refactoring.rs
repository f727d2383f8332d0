//! Signs of refactoring: files that are renamed or copied, code that moves,
//! places where only the layout differs.

use super::super::block::{Block, Kind};
use super::super::reading::Reading;
use super::super::{Finding, Rules, Status, excerpt};
use super::{Sign, Tally, moves, sweep};

/// The signs in the files that count.
pub(super) fn findings(readings: &[&Reading<'_>], rules: &Rules<'_>, tally: &mut Tally) -> Vec<Finding> {
    let binding = rules.policy.no_refactoring;
    let mut out = Vec::new();
    for reading in readings {
        let file = reading.file;
        let verb = match file.status {
            Status::Renamed => Some("renamed"),
            Status::Copied => Some("copied"),
            _ => None,
        };
        if let (Some(verb), Some(old)) = (verb, &file.old_path) {
            let alike = file.similarity.map(|percent| format!(" ({percent} % alike)")).unwrap_or_default();
            let sign = Sign { file, rule: verb, line: None, column: None };
            out.push(sign.finding(format!("{verb} from {old}{alike}"), rules.base, binding));
        }
        tally.comments += reading.blocks.iter().filter(|block| block.kind == Kind::Comment).count();
        let formatted: Vec<&Block<'_>> =
            reading.blocks.iter().filter(|block| block.kind == Kind::Format).collect();
        if let Some(first) = formatted.first() {
            let message = match formatted.len() {
                1 => "only the layout differs".to_owned(),
                n => format!("only the layout differs in {n} places"),
            };
            let sign = Sign { file, rule: "layout", line: Some(first.at), column: None };
            out.push(sign.finding(message, rules.base, binding));
        }
    }
    for swept in sweep::find(readings) {
        let sign = Sign { file: swept.file, rule: "sweep", line: swept.line, column: None };
        let (old, new) = (excerpt(&swept.old), excerpt(&swept.new));
        let message = format!("`{old}` became `{new}` in {} places, this the first", swept.places);
        out.push(sign.finding(message, rules.base, binding));
    }
    for moved in moves::find(readings) {
        let sign = Sign { file: moved.file, rule: "moved", line: moved.line, column: None };
        let message = format!("{} moved from {}:{}", lines(moved.lines), moved.from, moved.from_line);
        out.push(sign.finding(message, rules.base, binding));
    }
    out
}

fn lines(n: usize) -> String {
    super::super::count(n, "line", "lines")
}
