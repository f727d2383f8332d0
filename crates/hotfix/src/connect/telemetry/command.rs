//! A command that prints a number: a value, or errors and total.
//!
//! It refuses anything around the numbers; a unit or a word means that the
//! command did not do what the config says.

use super::{Raw, Source, SourceError};
use crate::connect::http::first_line;
use hotfix_core::config::{Check, CheckKind};

/// Runs a program with its arguments and gives its standard output.
pub type Run<'a> = dyn Fn(&[String]) -> Result<String, String> + 'a;

/// The source of the checks on one command, which runs once for all of them.
pub(super) struct Command<'a> {
    run: &'a Run<'a>,
    argv: Vec<String>,
    said: Option<Result<String, String>>,
}

impl<'a> Command<'a> {
    pub(super) fn new(run: &'a Run<'a>, argv: Vec<String>) -> Self {
        Self { run, argv, said: None }
    }
}

impl Source for Command<'_> {
    fn read(&mut self, check: &Check) -> Result<Raw, SourceError> {
        let said = self.said.get_or_insert_with(|| (self.run)(&self.argv));
        let text = said.as_deref().map_err(|reason| SourceError::Command(reason.clone()))?;
        parse(text, check.kind).map_err(SourceError::Command)
    }
}

fn parse(text: &str, kind: CheckKind) -> Result<Raw, String> {
    let number = |word: &str| word.parse::<f64>().ok().filter(|n| n.is_finite());
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(number).collect();
    let pair = matches!(kind, CheckKind::ErrorRate | CheckKind::Mean);
    match (numbers.as_deref(), kind) {
        (Some([errors, total]), _) if pair && *total >= 0.0 => {
            Ok(Raw { errors: Some(*errors), total: Some(*total), ..Raw::default() })
        }
        (Some([value]), CheckKind::Gauge | CheckKind::Mean) => {
            Ok(Raw { value: Some(*value), ..Raw::default() })
        }
        _ => Err(format!("the command printed {}, {} expected", printed(text), wanted(kind))),
    }
}

fn printed(text: &str) -> String {
    let line = first_line(text);
    if line.is_empty() { "nothing".to_owned() } else { format!("`{line}`") }
}

fn wanted(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::ErrorRate => "two numbers (errors and total, ever) are",
        CheckKind::Mean => "one number (the mean) or two (sum and count, ever) are",
        CheckKind::Gauge => "one number is",
        CheckKind::NewErrors => "a log is",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        let gauge = |text| parse(text, CheckKind::Gauge).map(|raw| raw.value);
        assert_eq!(gauge("  3.5e1\n"), Ok(Some(35.0)));
        let rate = parse("3 1000\n", CheckKind::ErrorRate).unwrap();
        assert_eq!((rate.errors, rate.total), (Some(3.0), Some(1000.0)));
        assert_eq!(parse("0.2", CheckKind::Mean).unwrap().value, Some(0.2));
        assert_eq!(parse("2 10", CheckKind::Mean).unwrap().total, Some(10.0));
    }

    #[test]
    fn other_output_is_told() {
        for (text, kind, reason) in [
            ("", CheckKind::Gauge, "printed nothing, one number is expected"),
            ("12 ms", CheckKind::Gauge, "printed `12 ms`"),
            ("NaN", CheckKind::Gauge, "printed `NaN`"),
            ("1 2", CheckKind::Gauge, "printed `1 2`"),
            ("7", CheckKind::ErrorRate, "two numbers (errors and total, ever) are expected"),
            ("1 2 3", CheckKind::ErrorRate, "printed `1 2 3`"),
            ("7", CheckKind::NewErrors, "a log is expected"),
        ] {
            let error = parse(text, kind).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
