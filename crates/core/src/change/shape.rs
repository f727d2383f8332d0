//! `change.shape`: no refactoring, no new feature, no weakened test.

use super::block::{Block, Kind, blocks, squeeze};
use super::globs::Globs;
use super::lang::Lang;
use super::{
    Change, FileChange, Finding, Judgement, LineKind, Rules, Status, count, excerpt, paths, verdict,
};
use std::collections::{BTreeSet, HashMap};

pub(super) const GATE: &str = "change.shape";

/// So many lines that go in one place and come in another are a move.
const MOVED_LINES: usize = 5;

const SPLIT: &str =
    "keep it for a change of its own after the incident, or `hotfix waive change.shape --reason TEXT`";

/// What was counted besides the findings.
#[derive(Default)]
struct Tally {
    comments: usize,
    versions: BTreeSet<String>,
}

/// The gate's answer.
pub(super) fn judge(change: &Change, rules: &Rules<'_>) -> Judgement {
    let generated = Globs::new(rules.generated.iter().map(String::as_str));
    let files: Vec<&FileChange> = change
        .files
        .iter()
        .filter(|file| !generated.has(&file.path) && !paths::is_lock_file(&file.path))
        .collect();
    let mut tally = Tally::default();
    let refactoring = refactoring(&files, rules.policy.no_refactoring, &mut tally);
    let features = features(&files, rules.policy.no_features, &mut tally);
    let weakened = super::weaken::findings(change);
    let mut summary = vec![format!(
        "{}, {}, {}",
        count(refactoring.len(), "sign of refactoring", "signs of refactoring"),
        count(features.len(), "sign of a new feature", "signs of a new feature"),
        count(weakened.len(), "weakened test", "weakened tests"),
    )];
    if tally.comments > 0 {
        summary.push(count(tally.comments, "place with only comments", "places with only comments"));
    }
    if !tally.versions.is_empty() {
        let names: Vec<_> = tally.versions.iter().map(|name| excerpt(name)).collect();
        summary.push(format!("changed version of {}", names.join(", ")));
    }
    let findings: Vec<Finding> = weakened.into_iter().chain(refactoring).chain(features).collect();
    Judgement { gate: GATE, verdict: verdict(&findings), summary: summary.join("; "), findings }
}

fn finding(file: &FileChange, line: Option<u32>, message: String, binding: bool) -> Finding {
    Finding { gate: GATE, file: file.path.clone(), line, message, hint: SPLIT.to_owned(), binding }
}

/// Renames, copies, moved code and hunks where only white space differs.
fn refactoring(files: &[&FileChange], binding: bool, tally: &mut Tally) -> Vec<Finding> {
    let mut out = Vec::new();
    for file in files {
        let verb = match file.status {
            Status::Renamed => Some("renamed"),
            Status::Copied => Some("copied"),
            _ => None,
        };
        if let (Some(verb), Some(old)) = (verb, &file.old_path) {
            let alike = file.similarity.map(|percent| format!(" ({percent} % alike)")).unwrap_or_default();
            out.push(finding(file, None, format!("{verb} from {old}{alike}"), binding));
        }
        let lang = Lang::of(&file.path);
        let blocks = blocks(file);
        let kinds: Vec<Kind> = blocks.iter().map(|block| block.kind(lang)).collect();
        tally.comments += kinds.iter().filter(|kind| **kind == Kind::Comment).count();
        let formatted: Vec<&Block<'_>> = blocks
            .iter()
            .zip(&kinds)
            .filter(|(block, kind)| **kind == Kind::Format && !wrapped(block, &blocks, &kinds))
            .map(|(block, _)| block)
            .collect();
        if let Some(first) = formatted.first() {
            let message = match formatted.len() {
                1 => "only white space differs".to_owned(),
                n => format!("only white space differs in {n} places"),
            };
            out.push(finding(file, Some(first.at), message, binding));
        }
    }
    out.extend(moves(files, binding));
    out
}

/// Code that a new condition wraps is indented: that is no formatting.
fn wrapped(block: &Block<'_>, blocks: &[Block<'_>], kinds: &[Kind]) -> bool {
    let real = |other: &Block<'_>, kind: Kind| kind == Kind::Code && other.hunk == block.hunk;
    block.only_indents() && blocks.iter().zip(kinds).any(|(other, kind)| real(other, *kind))
}

/// Runs of lines that are removed in one place and added in another.
fn moves(files: &[&FileChange], binding: bool) -> Vec<Finding> {
    let mut gone: HashMap<Vec<String>, (usize, usize)> = HashMap::new();
    let all: Vec<Vec<Block<'_>>> = files.iter().map(|file| blocks(file)).collect();
    for (at, blocks) in all.iter().enumerate() {
        for (index, block) in blocks.iter().enumerate() {
            let lines = significant(block, LineKind::Removed, Lang::of(&files[at].path));
            for window in lines.windows(MOVED_LINES) {
                gone.entry(window.iter().map(|(text, _)| text.clone()).collect()).or_insert((at, index));
            }
        }
    }
    let mut out = Vec::new();
    for (at, blocks) in all.iter().enumerate().filter(|_| !gone.is_empty()) {
        for (index, block) in blocks.iter().enumerate() {
            let lines = significant(block, LineKind::Added, Lang::of(&files[at].path));
            let source = lines.windows(MOVED_LINES).find_map(|window| {
                let key: Vec<String> = window.iter().map(|(text, _)| text.clone()).collect();
                gone.get(&key).filter(|source| **source != (at, index)).map(|source| (*source, window[0].1))
            });
            if let Some(((from, source), line)) = source {
                let place = &all[from][source];
                let first = place.removed.first().and_then(|line| line.old_line).unwrap_or(place.at);
                let message = format!("code moved from {}:{first}", files[from].path);
                out.push(finding(files[at], line, message, binding));
            }
        }
    }
    out
}

/// The lines of a block that say something, squeezed.
fn significant(block: &Block<'_>, kind: LineKind, lang: Lang) -> Vec<(String, Option<u32>)> {
    let lines = if kind == LineKind::Added { &block.added } else { &block.removed };
    if block.in_test {
        return Vec::new();
    }
    let lines = lines.iter().filter(|line| !lang.is_comment(&line.text));
    let squeezed = lines.map(|line| (squeeze(line.text.trim(), lang), line.new_line));
    squeezed.filter(|(text, _)| text.trim().len() > 2).collect()
}

/// New dependencies and new public interface.
fn features(files: &[&FileChange], binding: bool, tally: &mut Tally) -> Vec<Finding> {
    let gone: BTreeSet<String> =
        files.iter().flat_map(|file| items(file, LineKind::Removed)).map(|(name, ..)| name).collect();
    let mut out = Vec::new();
    for file in files {
        if let Some(dependencies) = super::manifest::dependencies(file) {
            tally.versions.extend(dependencies.changed);
            for (name, line) in dependencies.new {
                out.push(finding(file, line, format!("new dependency `{}`", excerpt(&name)), binding));
            }
        }
        for (name, kind, line) in items(file, LineKind::Added) {
            if !gone.contains(&name) {
                out.push(finding(file, line, format!("new public {kind} `{}`", excerpt(&name)), binding));
            }
        }
    }
    out
}

/// The public items on a file's added or removed lines, tests left out.
fn items(file: &FileChange, kind: LineKind) -> Vec<(String, String, Option<u32>)> {
    let lang = Lang::of(&file.path);
    let lines = file.lines().into_iter().filter(|(line, in_test)| line.kind == kind && !in_test);
    let found = lines.filter_map(|(line, _)| {
        let item = super::interface::public_item(lang, &line.text)?;
        Some((item.name, item.kind, line.new_line))
    });
    found.collect()
}
