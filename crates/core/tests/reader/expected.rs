//! What a person found on a page; the form is told in `corpus.toml`.

use hotfix_core::workflow::Step;
use serde::Deserialize;

/// A page as a person read it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What the file's name begins with.
    pub file: String,
    /// Whether it is a workflow at all.
    #[serde(default = "yes")]
    pub workflow: bool,
    /// Not looked at while the rules were written.
    #[serde(default)]
    pub held_out: bool,
    #[serde(default)]
    steps: String,
    #[serde(default)]
    gates: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Pages {
    page: Vec<Expected>,
}

/// The pages of a file of expectations.
pub fn pages(text: &str) -> Vec<Expected> {
    toml::from_str::<Pages>(text).unwrap_or_else(|e| panic!("the file of expectations: {e}")).page
}

/// A step or a gate that is to be found.
pub struct Row {
    /// It may be missing.
    pub optional: bool,
    /// Ways to be right: what must be there, what may be.
    pub ways: Vec<(Vec<String>, Vec<String>)>,
    /// Words of its title or text.
    pub words: String,
}

impl Expected {
    pub fn steps(&self) -> Vec<Row> {
        rows(&self.steps)
    }

    pub fn gates(&self) -> Vec<Row> {
        rows(&self.gates)
    }
}

fn rows(text: &str) -> Vec<Row> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect()
}

fn row(line: &str) -> Row {
    let optional = line.starts_with('?');
    let (ways, words) = line
        .trim_start_matches('?')
        .split_once(" | ")
        .unwrap_or_else(|| panic!("`skills | words` is not in `{line}`"));
    Row { optional, ways: ways.split(" / ").map(way).collect(), words: normal(words) }
}

fn way(text: &str) -> (Vec<String>, Vec<String>) {
    let (must, may) = text.split_once('(').unwrap_or((text, ""));
    let owned = |part: &str| part.trim().to_owned();
    let may = may.trim_end().trim_end_matches(')').split_whitespace().map(owned).collect();
    (must.split('+').map(owned).collect(), may)
}

/// Lower case without marks, so that bold and back-ticks do not matter.
pub fn normal(text: &str) -> String {
    let text = text.replace(['`', '*'], "").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Row {
    /// Whether the skills are one of the ways.
    pub fn is_exact(&self, step: &Step) -> bool {
        self.best(step).is_some_and(|(found, wrong, missing)| found > 0 && wrong + missing == 0)
    }

    /// Of the best way: skills that are right, wrong and missing.
    pub fn best(&self, step: &Step) -> Option<(usize, usize, usize)> {
        let names: Vec<&str> = step.skills.iter().map(|skill| skill.name()).collect();
        let of_way = |(must, may): &(Vec<String>, Vec<String>)| {
            let wanted = |name: &&&str| must.iter().chain(may).any(|want| want == **name);
            let right = names.iter().filter(wanted).count();
            let missing = must.iter().filter(|want| !names.contains(&want.as_str())).count();
            (right, names.len() - right, missing)
        };
        self.ways.iter().map(of_way).min_by_key(|(_, wrong, missing)| wrong + missing)
    }

    /// Whether a gate's id is as expected; `None` where any will do.
    pub fn has_id(&self, id: &str) -> Option<bool> {
        let any = self.ways.iter().any(|(must, _)| must.iter().any(|want| want == "*"));
        let right = |want: &String| want == id || (want == "manual" && id.starts_with("manual."));
        (!any).then(|| self.ways.iter().any(|(must, _)| must.iter().any(right)))
    }
}
