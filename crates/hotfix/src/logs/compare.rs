//! Logs learnt and compared on every core: one reader cuts them into blocks,
//! each worker has a model or a comparison of its own, and the library merges
//! them. What is answered does not depend on how many cores there are.

use super::crew::{Crew, Task};
use super::find::{Found, find, reordered};
use super::pump::{self, Poured, Sink};
use super::{LogError, model};
use crate::sys::clock;
use hotfix_core::logs::LogSource;
use hotfix_logdiff::{Block, Comparison, Diff, Finding, MOST_LINES, Model, Options, Severity};

/// Which events are looked for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// Those that say that something failed.
    Errors,
    /// These, and warnings.
    Warnings,
    /// All of them.
    #[default]
    All,
}

impl Only {
    /// Whether events of a severity are looked for.
    pub fn wants(self, severity: Severity) -> bool {
        match self {
            Only::Errors => severity.is_error(),
            Only::Warnings => severity.is_error() || severity == Severity::Warning,
            Only::All => true,
        }
    }

    /// What the library is asked for.
    pub fn options(self) -> Options {
        Options { only_errors: self == Only::Errors, year: clock::year() }
    }
}

/// How logs are read.
pub struct Reading<'a> {
    /// How many workers there are at most, at least 1.
    pub jobs: usize,
    /// About so many bytes are a worker's next piece of work.
    pub block: usize,
    /// Told now and then: what is read, and how many bytes of it were.
    pub progress: &'a dyn Fn(&str, u64),
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Self { jobs: cores(), block: pump::BLOCK, progress: &|_, _| () }
    }
}

/// How many cores there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What there is to compare with.
#[derive(Default)]
pub struct Baseline {
    /// What it knows.
    pub model: Model,
    /// The logs that were read for it.
    pub sources: Vec<LogSource>,
    /// The models that were loaded.
    pub models: Vec<String>,
    /// What happened meanwhile, for people.
    pub notices: Vec<String>,
}

/// What a comparison answers.
pub struct Compared {
    /// The answer.
    pub diff: Diff,
    /// What was looked for.
    pub only: Only,
    /// The logs that were read.
    pub sources: Vec<LogSource>,
    /// What happened meanwhile, for people.
    pub notices: Vec<String>,
}

impl Baseline {
    /// Loads models and learns logs, all as one baseline. A model among the
    /// logs is taken for what it is.
    pub fn learn(models: &[String], logs: &[String], reading: &Reading<'_>) -> Result<Self, LogError> {
        let (saved, found): (Vec<Found>, Vec<Found>) = find(logs)?
            .into_iter()
            .partition(|log| log.path.as_ref().is_some_and(|path| model::is_one(path)));
        let mut baseline = Baseline { models: models.to_vec(), ..Baseline::default() };
        baseline.models.extend(saved.into_iter().map(|model| model.name));
        for name in &baseline.models {
            baseline.model.merge(&model::load(name)?);
        }
        let poured = std::thread::scope(|scope| {
            let mut sink = Learning { scope, reading, crew: None, model: &mut baseline.model };
            pump::pour(&found, reading.block, &mut sink)
        })?;
        (baseline.sources, baseline.notices) = told(poured, logs, &found);
        Ok(baseline)
    }

    /// Compares logs with it, as if they were one.
    pub fn compare(&self, logs: &[String], only: Only, reading: &Reading<'_>) -> Result<Compared, LogError> {
        let found = find(logs)?;
        let (poured, states) = std::thread::scope(|scope| {
            let task = Compare { model: &self.model, only };
            let mut sink = Comparing { reading, crew: Crew::new(scope, task, reading.jobs) };
            let poured = pump::pour(&found, reading.block, &mut sink);
            (poured, sink.crew.end())
        });
        let (sources, notices) = told(poured?, logs, &found);
        let mut states = states.into_iter();
        let (mut all, mut lines) =
            states.next().unwrap_or_else(|| Compare { model: &self.model, only }.begin());
        for (comparison, more) in states {
            all.merge(comparison);
            lines.extend(more);
        }
        let mut diff = all.finish();
        lines.sort_unstable();
        narrow(&mut diff, only, lines);
        Ok(Compared { diff, only, sources, notices })
    }
}

/// Leaves in an answer what is looked for. Of warnings the library does not
/// know; their lines were collected.
pub fn narrow(diff: &mut Diff, only: Only, lines: Vec<u64>) {
    if only == Only::Warnings {
        diff.new.retain(|template| only.wants(template.severity));
        diff.risen.retain(|risen| only.wants(risen.template.severity));
        diff.gone.retain(|gone| only.wants(gone.severity));
        diff.new_lines = lines;
        diff.new_lines.truncate(MOST_LINES);
    }
}

/// Collects the lines of an event, where the library does not.
pub fn collect(lines: &mut Vec<u64>, only: Only, finding: &Finding<'_>) {
    let wanted = only == Only::Warnings && finding.is_new() && only.wants(finding.severity());
    if wanted && lines.len() < MOST_LINES {
        lines.extend(finding.line()..=finding.last_line());
    }
}

fn told(poured: Poured, names: &[String], found: &[Found]) -> (Vec<LogSource>, Vec<String>) {
    let mut notices = poured.notices;
    if reordered(names, found) {
        let order: Vec<&str> = found.iter().map(|log| log.name.as_str()).collect();
        notices.push(format!("rotated logs are read oldest first: {}", order.join(", ")));
    }
    (poured.sources, notices)
}

#[derive(Clone, Copy)]
struct Learn;

impl Task for Learn {
    type State = Model;

    fn begin(self) -> Model {
        Model::new()
    }

    fn take(self, model: &mut Model, block: &Block) {
        model.learn_block(block);
    }
}

struct Learning<'s, 'scope, 'env> {
    scope: &'scope std::thread::Scope<'scope, 'env>,
    reading: &'s Reading<'s>,
    crew: Option<Crew<'scope, 'env, Learn>>,
    model: &'s mut Model,
}

impl Sink for Learning<'_, '_, '_> {
    fn block(&mut self, block: Block) {
        let crew = self.crew.get_or_insert_with(|| Crew::new(self.scope, Learn, self.reading.jobs));
        crew.give(block);
    }

    fn log_ended(&mut self) {
        for model in self.crew.take().map(Crew::end).unwrap_or_default() {
            self.model.merge(&model);
        }
        self.model.finish();
    }

    fn progress(&mut self, name: &str, bytes: u64) {
        (self.reading.progress)(name, bytes);
    }
}

#[derive(Clone, Copy)]
struct Compare<'m> {
    model: &'m Model,
    only: Only,
}

impl<'m> Task for Compare<'m> {
    type State = (Comparison<'m>, Vec<u64>);

    fn begin(self) -> Self::State {
        (Comparison::new(self.model, self.only.options()), Vec::new())
    }

    fn take(self, (comparison, lines): &mut Self::State, block: &Block) {
        comparison.feed_block(block, |finding| collect(lines, self.only, finding));
    }
}

struct Comparing<'s, 'scope, 'env, 'm> {
    reading: &'s Reading<'s>,
    crew: Crew<'scope, 'env, Compare<'m>>,
}

impl<'scope, 'm: 'scope> Sink for Comparing<'_, 'scope, '_, 'm> {
    fn block(&mut self, block: Block) {
        self.crew.give(block);
    }

    fn progress(&mut self, name: &str, bytes: u64) {
        (self.reading.progress)(name, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::path::Path;

    /// A log of several blocks with traces, in which something new comes now and then.
    fn log(new: bool) -> String {
        let mut text = String::new();
        for i in 0..6_000 {
            let _ = writeln!(
                text,
                "2026-11-22T10:{:02}:{:02}Z INFO served /cart/{i} in {} ms",
                i / 60 % 60,
                i % 60,
                i % 97
            );
            if i % 100 == 0 {
                let _ = writeln!(
                    text,
                    "2026-11-22T10:00:00Z ERROR payment {i} failed\n  at shop.Pay.run(Pay.java:{i})\n  at shop.Main.main(Main.java:3)"
                );
            }
            if new && i % 501 == 0 {
                let _ = writeln!(
                    text,
                    "2026-11-22T10:00:00Z ERROR cart {i} is gone\n  at shop.Cart.load(Cart.java:{i})\n2026-11-22T10:00:00Z WARN slow disk {i}"
                );
            }
        }
        text
    }

    fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    #[test]
    fn cores_and_packing_change_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (log(false), log(true));
        assert!(new.len() > 4 * (64 << 10), "several blocks: {}", new.len());
        let plain = [write(folder.path(), "old", &old), write(folder.path(), "new", &new)];
        let packed = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        let packed = [write(folder.path(), "oldz", packed(&old)), write(folder.path(), "newz", packed(&new))];
        for only in [Only::All, Only::Warnings, Only::Errors] {
            let answer = |jobs, names: &[String; 2]| {
                let reading = Reading { jobs, block: 1, ..Reading::default() };
                let baseline = Baseline::learn(&[], &names[..1], &reading).unwrap();
                (baseline.model.to_bytes(), baseline.compare(&names[1..], only, &reading).unwrap().diff)
            };
            let one = answer(1, &plain);
            let kinds = if only == Only::Errors { 1 } else { 2 };
            assert_eq!(one.1.new.len(), kinds, "{:?}", one.1.new);
            assert_eq!(one.1.new_lines.len(), 12 * (kinds + 1), "{only:?}");
            assert!(
                one.1.lines == new.lines().count() as u64 && one.1.gone.is_empty() && one.1.risen.is_empty()
            );
            for jobs in [2, 3] {
                assert!(
                    one == answer(jobs, &plain) && one == answer(jobs, &packed),
                    "{only:?}, {jobs} workers"
                );
            }
        }
    }

    #[test]
    fn models_and_logs_are_one_baseline() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), "a", "INFO served 7\n");
        let second = write(folder.path(), "b", "ERROR cart 3 is gone\n");
        let saved = folder.path().join("d.bin").display().to_string();
        let after = write(folder.path(), "c", "INFO served 1\nERROR cart 4 is gone\nERROR pool exhausted\n");
        let reading = Reading::default();
        let model = folder.path().join("m.bin").display().to_string();
        model::save(&Baseline::learn(&[], &[first], &reading).unwrap().model, &model).unwrap();
        let baseline = Baseline::learn(&[model], &[second], &reading).unwrap();
        let answer = baseline.compare(&[after], Only::All, &reading).unwrap();
        assert_eq!(answer.diff.new_lines, [3]);
        assert_eq!((baseline.model.events(), baseline.sources.len()), (2, 1));
        model::save(&baseline.model, &saved).unwrap();
        let baseline = Baseline::learn(&[], &[saved], &reading).unwrap();
        assert_eq!((baseline.model.events(), baseline.sources.len(), baseline.models.len()), (2, 0, 1));
    }
}
