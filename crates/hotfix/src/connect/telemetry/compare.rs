//! Which error templates are new: the one place that compares two logs.
//!
//! [`compare`] is the only function that the rest uses.

use std::io;

/// Gives all bytes of a log to what it is given, and its lines.
pub type Feed<'a> = dyn FnMut(&mut dyn FnMut(&[u8])) -> io::Result<u64> + 'a;

/// The new error templates, with an example each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The templates.
    pub templates: Vec<String>,
    /// An example of each.
    pub examples: Vec<String>,
    /// Lines of the candidate.
    pub lines: u64,
    /// Lines of the baseline.
    pub baseline_lines: u64,
}

/// Compares a log with its baseline.
pub fn compare(baseline: &mut Feed<'_>, candidate: &mut Feed<'_>) -> io::Result<Found> {
    use hotfix_logdiff::{Comparison, Model, Options};
    let mut model = Model::new();
    let baseline_lines = baseline(&mut |chunk| model.learn(chunk))?;
    model.finish();
    let mut comparison = Comparison::new(&model, Options { only_errors: true, ..Options::default() });
    let lines = candidate(&mut |chunk| comparison.feed(chunk))?;
    let (templates, examples) = comparison.finish().new.into_iter().map(|t| (t.text, t.example)).unzip();
    Ok(Found { templates, examples, lines, baseline_lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_was_not_there_is_found() {
        let feed = |text: &'static str| {
            move |sink: &mut dyn FnMut(&[u8])| {
                text.as_bytes().chunks(7).for_each(&mut *sink);
                Ok(text.lines().count() as u64)
            }
        };
        let old = "2026-11-22 ERROR db timeout after 31 ms\nINFO fine\n";
        let new = "2026-11-23 ERROR db timeout after 97 ms\nINFO other\n2026-11-23 ERROR cart 12 is empty\n";
        let found = compare(&mut feed(old), &mut feed(new)).unwrap();
        assert_eq!((found.lines, found.baseline_lines, found.templates.len()), (3, 2, 1));
        assert!(found.examples[0].contains("ERROR cart 12 is empty"), "{found:?}");
    }
}
