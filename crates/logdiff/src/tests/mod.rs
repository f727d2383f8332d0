//! What the library promises, seen from outside where that is possible.

mod formats;
mod hostile;
mod probes;
mod properties;
mod rises;
mod traces;

use crate::{Comparison, Diff, Model, Options};

fn model(log: &str) -> Model {
    let mut model = Model::new();
    model.learn(log.as_bytes());
    model.finish();
    model
}

fn diff_bytes(model: &Model, log: &[u8], only_errors: bool) -> Diff {
    let mut comparison = Comparison::new(model, Options { only_errors, year: 2024 });
    comparison.feed(log);
    comparison.finish()
}

fn diff(model: &Model, log: &str, only_errors: bool) -> Diff {
    diff_bytes(model, log.as_bytes(), only_errors)
}

/// The new templates of a log.
fn new(before: &str, after: &str) -> Vec<String> {
    diff(&model(before), after, false).new.into_iter().map(|template| template.text).collect()
}

/// Both lines are of one kind, whichever came first.
#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(new(a, b), [""; 0], "not new after: {a}");
    assert_eq!(new(b, a), [""; 0], "not new after: {b}");
}

/// The second line is news after the first.
#[track_caller]
fn news(a: &str, b: &str) {
    let found = new(a, b);
    assert_eq!(found.len(), 1, "new after {a:?}: {b:?}, found {found:?}");
}
