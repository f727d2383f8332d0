//! Which error templates are new in a log that is followed: the one place
//! that compares what was written since with what was written before.

use super::log_file::{self, LogPosition, Since};
use super::store::Store;
use crate::logs::answer;
use crate::logs::compare::{Baseline, Compared, Only};
use crate::logs::model;
use hotfix_core::digest;
use hotfix_core::logs::{LogDiff, LogSource};
use hotfix_logdiff::{Comparison, Model};
use std::io;
use std::path::Path;

/// So much of a log is compared with, the newest.
const BASELINE_BYTES: u64 = 256 << 20;
/// So many models are kept.
const MODELS: usize = 16;

/// What is known of a log up to a position.
pub struct Before {
    /// What it knows.
    pub model: Model,
    /// What may be missing, for people.
    pub notices: Vec<String>,
}

/// What a log held up to a position. It is learnt once and kept, since the log
/// may be rotated away while the deploy is still watched.
pub fn before(store: &Store, path: &Path, until: Option<&LogPosition>) -> io::Result<Before> {
    let lacks = || {
        let notice = "the log from before is not known or gone: there is no baseline".to_owned();
        Before { model: Model::new(), notices: vec![notice] }
    };
    let Some(until) = until else { return Ok(lacks()) };
    let mut notices = Vec::new();
    if until.size > BASELINE_BYTES {
        notices.push("only the newest 256 MB of the log from before were compared with".to_owned());
    }
    let asked = digest::of_value(&(path, until)).map_err(io::Error::other)?;
    let kept = store.file(&format!("{}.model", &asked[..24]));
    if let Ok(model) = model::load(&kept.to_string_lossy()) {
        return Ok(Before { model, notices });
    }
    let mut model = Model::new();
    if log_file::read_until(path, until, BASELINE_BYTES, &mut |chunk| model.learn(chunk))?.is_none() {
        return Ok(lacks());
    }
    model.finish();
    // Where it cannot be kept, it is learnt again.
    let _ = model::save(&model, &kept.to_string_lossy());
    store.prune("model", MODELS);
    Ok(Before { model, notices })
}

/// The new error templates in what was written since.
pub fn compare(before: Before, path: &Path, since: &Since) -> io::Result<LogDiff> {
    let mut comparison = Comparison::new(&before.model, Only::Errors.options());
    let parts = since.read(&mut |chunk| comparison.feed(chunk))?;
    let mut first_line = 1;
    let source = |part: &log_file::PartRead| {
        let source = LogSource {
            name: part.name.clone(),
            packing: part.packing,
            bytes: part.bytes,
            first_line,
            lines: part.lines,
        };
        first_line += part.lines;
        source
    };
    let sources = parts.iter().map(source).collect();
    let compared = Compared {
        diff: comparison.finish(),
        only: Only::Errors,
        sources,
        notices: [before.notices, since.notices.clone()].concat(),
    };
    let baseline = Baseline { model: before.model, ..Baseline::default() };
    let mut found = answer::document(&baseline, compared);
    found.baseline.models = vec![format!("{} before", log_file::name_of(path))];
    number_by_file(&mut found, since)?;
    Ok(found)
}

/// Lines are counted from where the reading began; people look for them in
/// the file.
fn number_by_file(found: &mut LogDiff, since: &Since) -> io::Result<()> {
    let mut before = Vec::new();
    let risen = found.risen.iter_mut().map(|risen| &mut risen.template);
    for template in found.new.iter_mut().chain(risen) {
        // Counting takes long in a large file: only where there is something to name.
        if before.is_empty() {
            before =
                (0..found.candidates.len()).map(|part| since.lines_before(part)).collect::<Result<_, _>>()?;
        }
        let part = found
            .candidates
            .iter()
            .rposition(|source| source.first_line <= template.first_line && source.lines > 0);
        template.file_line += part.and_then(|part| before.get(part)).copied().unwrap_or(0);
    }
    Ok(())
}
