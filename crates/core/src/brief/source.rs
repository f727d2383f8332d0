//! The words of a context mapping's `Source` cell as typed sources. A cell may
//! name several (`Incident timeline + fix applied`). What names no source is
//! taken as it stands: a literal. It refuses to guess: a clause with a word
//! that belongs to no source is a literal, not the nearest source.

use super::vocabulary::{self, Kind};
use crate::text::slug;
use crate::workflow::Step;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longer cells are prose, and are taken as they stand.
const MOST_WORDS: usize = 40;

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// The tracker's ticket.
    Ticket {
        /// Its key; none: the incident's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What of it.
        part: TicketPart,
    },
    /// The incident as the run knows it.
    Incident,
    /// What happened, in order.
    Timeline,
    /// What runs in production: version, commit and tree.
    Production,
    /// A branch of the remote.
    Branch {
        /// Its name.
        name: String,
    },
    /// What a step of the page put out.
    Output {
        /// Which step.
        step: StepRef,
    },
    /// The change: its commit and its difference from the base.
    Fix,
    /// The command that shows the incident, and what it said.
    Reproduction,
    /// Tests and what they said.
    Tests {
        /// Which.
        scope: TestScope,
    },
    /// What the gates saw.
    Evidence,
    /// The logs.
    Logs,
    /// The metrics.
    Metrics,
    /// The alerts.
    Alerts,
    /// The merge request with what people said of it.
    MergeRequest,
    /// The way back.
    Rollback,
    /// A list of the page.
    Criteria {
        /// Which.
        list: CriteriaList,
    },
    /// Somebody to ask.
    Person {
        /// Their role, in kebab-case.
        role: String,
    },
    /// A file of the repository, or files.
    File {
        /// Its path, or a glob.
        path: String,
    },
    /// An address. It is shown and not fetched.
    Address {
        /// The address.
        url: String,
    },
    /// The words themselves.
    Literal {
        /// The words.
        text: String,
    },
}

/// What of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketPart {
    /// All of it.
    Whole,
    /// What it says, without the acceptance criteria.
    Description,
    /// Its acceptance criteria.
    AcceptanceCriteria,
}

/// Which tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestScope {
    /// The smoke tests.
    Smoke,
    /// The critical tests.
    Critical,
    /// All of them.
    All,
}

/// Which list of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CriteriaList {
    /// The prerequisites.
    Prerequisites,
    /// What the verification must show.
    Verification,
    /// What the monitoring must show.
    Monitoring,
    /// The completion criteria.
    Completion,
}

/// Which step of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepRef {
    /// The one before.
    Previous,
    /// By its place in the page, from 1.
    Number(u32),
    /// By its id in the page.
    Id(String),
    /// By words that no step of the page has.
    Unknown(String),
}

/// What the words of a source may refer to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The page's steps.
    pub steps: &'a [Step],
    /// The targets of the links in the cell.
    pub links: &'a [String],
}

/// The sources that the words of a cell name, in their order. There is always
/// at least one.
pub fn sources(words: &str, known: Known<'_>) -> Vec<Source> {
    let words = words.trim();
    let mut found: Vec<Source> = known.links.iter().filter_map(|link| linked(link)).collect();
    if words.split_whitespace().count() > MOST_WORDS {
        found.push(literal(words));
        return found;
    }
    let (base, remark) = without_remark(words);
    let clauses = vocabulary::clauses(base);
    let each: Vec<Option<Source>> = clauses.iter().map(|clause| classify(clause, known)).collect();
    if each.iter().any(Option::is_none)
        && let Some(whole) = classify(base, known)
    {
        push(&mut found, whole);
        return found;
    }
    let left: Vec<&str> =
        clauses.iter().zip(&each).filter(|(_, source)| source.is_none()).map(|(clause, _)| *clause).collect();
    let linked = !found.is_empty();
    each.into_iter()
        .flatten()
        .chain(remark_source(remark, known))
        .for_each(|source| push(&mut found, source));
    with_what_is_left(found, words, &left, linked)
}

/// The clauses that name no source stay one literal, before the others.
fn with_what_is_left(mut found: Vec<Source>, words: &str, left: &[&str], linked: bool) -> Vec<Source> {
    let files = left.iter().filter_map(|clause| path_in(clause)).map(|(path, _)| of_path(path));
    let nothing_else = found.is_empty();
    files.for_each(|file| push(&mut found, file));
    if nothing_else {
        found.insert(0, literal(words));
    } else if !left.is_empty() && !linked {
        found.insert(0, literal(&left.join(", ")));
    }
    if left.iter().any(|clause| vocabulary::is_about_the_incident(clause)) {
        push(&mut found, Source::Incident);
    }
    found
}

fn push(found: &mut Vec<Source>, source: Source) {
    if !found.contains(&source) {
        found.push(source);
    }
}

fn literal(words: &str) -> Source {
    Source::Literal { text: words.trim().to_owned() }
}

/// A cell without what stands in parentheses at its end, and that.
fn without_remark(words: &str) -> (&str, &str) {
    match words.split_once('(') {
        Some((base, rest)) if !base.trim().is_empty() => (base.trim(), rest.trim_end_matches(')').trim()),
        _ => (words, ""),
    }
}

/// `(from the ticket)` says where; `(stop the bleeding)` says how.
fn remark_source(remark: &str, known: Known<'_>) -> Option<Source> {
    let first = remark.split_whitespace().next()?.to_lowercase();
    let says_where = matches!(first.trim_end_matches(':'), "from" | "see" | "in" | "via" | "source" | "aus");
    (says_where || key_in(remark).is_some() || path_in(remark).is_some())
        .then(|| classify(remark, known))
        .flatten()
}

/// One clause as a source, if every word of it belongs to one.
fn classify(clause: &str, known: Known<'_>) -> Option<Source> {
    let clause = clause.trim().trim_end_matches(['.', ':']);
    let path = path_in(clause).filter(|(_, others)| *others <= 3).map(|(path, _)| path);
    match step_of(clause, known.steps) {
        Some(StepRef::Id(id)) => return Some(Source::Output { step: StepRef::Id(id) }),
        Some(step) if path.is_none() => return Some(Source::Output { step }),
        _ => {}
    }
    if let Some(path) = path {
        return Some(of_path(path));
    }
    let key = key_in(clause);
    let without_key = key.map(|key| clause.replace(key, " "));
    let key = key.map(str::to_owned);
    let clause = without_key.as_deref().unwrap_or(clause);
    match vocabulary::kind_of(clause) {
        Some((kind, words)) => Some(of_kind(kind, key, &words)),
        None if vocabulary::words(clause).is_empty() => {
            key.map(|key| Source::Ticket { key: Some(key), part: TicketPart::Whole })
        }
        None => None,
    }
}

fn of_kind(kind: Kind, key: Option<String>, words: &[String]) -> Source {
    match kind {
        Kind::Ticket => Source::Ticket { key, part: ticket_part(words) },
        Kind::Incident => Source::Incident,
        Kind::Timeline => Source::Timeline,
        Kind::Production => Source::Production,
        Kind::Main => {
            let names = ["main", "master", "trunk", "develop"];
            let name = names.into_iter().find(|name| words.iter().any(|word| word == name));
            Source::Branch { name: name.unwrap_or("main").to_owned() }
        }
        Kind::Fix => Source::Fix,
        Kind::Reproduction => Source::Reproduction,
        Kind::SmokeTests => Source::Tests { scope: TestScope::Smoke },
        Kind::CriticalTests => Source::Tests { scope: TestScope::Critical },
        Kind::Tests => Source::Tests { scope: TestScope::All },
        Kind::Evidence => Source::Evidence,
        Kind::Logs => Source::Logs,
        Kind::Metrics => Source::Metrics,
        Kind::Alerts => Source::Alerts,
        Kind::MergeRequest => Source::MergeRequest,
        Kind::Rollback => Source::Rollback,
        Kind::Prerequisites => Source::Criteria { list: CriteriaList::Prerequisites },
        Kind::Verification => Source::Criteria { list: CriteriaList::Verification },
        Kind::Monitoring => Source::Criteria { list: CriteriaList::Monitoring },
        Kind::Completion => Source::Criteria { list: CriteriaList::Completion },
        Kind::Person => Source::Person { role: vocabulary::role_in(words) },
    }
}

fn ticket_part(words: &[String]) -> TicketPart {
    let has = |any: &'static str| vocabulary::each(any).any(|known| words.iter().any(|word| word == known));
    if has(vocabulary::ACCEPTANCE) {
        TicketPart::AcceptanceCriteria
    } else if has(vocabulary::DESCRIPTION) {
        TicketPart::Description
    } else {
        TicketPart::Whole
    }
}

/// The tracker's key in a text: `SPF-1290`, `#42`.
fn key_in(text: &str) -> Option<&str> {
    let outer = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '#' | '_'));
    text.split(outer).find(|word| is_key(word))
}

fn is_key(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if let Some(number) = word.strip_prefix('#') {
        return digits(number);
    }
    let project = |text: &str| {
        text.len() >= 2
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    word.rsplit_once('-').is_some_and(|(name, number)| project(name) && digits(number))
}

/// The first path or address in a text, and how many other words it has.
fn path_in(text: &str) -> Option<(&str, usize)> {
    let mut words = text.split_whitespace();
    let path = words.clone().map(bare).find(|word| is_path(word))?;
    let others = words.by_ref().filter(|word| bare(word) != path).count();
    Some((path, others))
}

fn bare(word: &str) -> &str {
    let word = word.trim_matches(['`', '"', '\'', '(', ')', '[', ']', '<', '>', ',', ';', ':']);
    word.strip_suffix('.').unwrap_or(word)
}

/// `docs/run.md`, `src/*.rs`, `README.md`, `./x`, `https://…`: not `branch/tag`.
fn is_path(word: &str) -> bool {
    if word.contains("://") {
        return word.starts_with("http");
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '*' | '@' | '+' | '#');
    if word.is_empty() || !word.chars().all(plain) || word.starts_with('#') {
        return false;
    }
    let word = word.split('#').next().unwrap_or(word);
    let (folder, name) = word.rsplit_once('/').unwrap_or(("", word));
    let extension =
        name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension);
    let letters = |text: &str| text.len() <= 8 && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if folder.is_empty() && !word.starts_with('/') {
        return extension.is_some_and(|extension| EXTENSIONS.contains(&extension));
    }
    name.is_empty()
        || (name.starts_with('.') && name.len() > 1)
        || word.starts_with('.')
        || word.starts_with('/')
        || extension.is_some_and(letters)
}

/// Without a folder, only these endings make a word a file (`e.g.` is none).
const EXTENSIONS: &[&str] = &[
    "md", "txt", "log", "json", "jsonl", "yaml", "yml", "toml", "py", "rs", "ts", "tsx", "jsx", "go", "java",
    "kt", "rb", "php", "cs", "c", "h", "cpp", "sql", "sh", "cfg", "ini", "conf", "csv", "tsv", "xml", "html",
    "proto", "tf", "lock", "diff", "patch",
];

fn of_path(path: &str) -> Source {
    if path.contains("://") {
        return Source::Address { url: path.to_owned() };
    }
    let path = path.split('#').next().unwrap_or(path);
    Source::File { path: path.to_owned() }
}

/// The target of a link in the cell.
fn linked(target: &str) -> Option<Source> {
    let target = target.trim();
    (!target.is_empty() && !target.starts_with('#') && !target.starts_with("mailto:"))
        .then(|| of_path(target))
}

const STEP_WORDS: &[&str] = &[
    "step", "phase", "stage", "schritt", "paso", "passo", "etapa", "étape", "bước", "adım", "шаг", "этап",
    "krok", "stap", "fase",
];
const OUTPUT_WORDS: &[&str] = &[
    "output",
    "outputs",
    "result",
    "results",
    "deliverable",
    "deliverables",
    "ergebnis",
    "ausgabe",
    "salida",
];
const BEFORE_WORDS: &[&str] = &["previous", "prior", "preceding", "last", "vorheriger", "anterior"];

/// The step whose output a clause names.
fn step_of(clause: &str, steps: &[Step]) -> Option<StepRef> {
    let words = vocabulary::words(clause);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    for at in 0..words.len() {
        if STEP_WORDS.contains(&word(at))
            && let Ok(number) = word(at + 1).parse::<u32>()
        {
            let known = (1..=u32::try_from(steps.len()).unwrap_or(u32::MAX)).contains(&number);
            return Some(if known { StepRef::Number(number) } else { StepRef::Unknown(clause.to_owned()) });
        }
    }
    let names_output = words.iter().any(|word| OUTPUT_WORDS.contains(&word.as_str()));
    let step_word = words.iter().any(|word| STEP_WORDS.contains(&word.as_str()));
    if words.iter().any(|word| BEFORE_WORDS.contains(&word.as_str())) && (step_word || names_output) {
        return Some(StepRef::Previous);
    }
    let about: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !OUTPUT_WORDS.contains(word) && !STEP_WORDS.contains(word))
        .filter(|word| !matches!(*word, "of" | "from" | "the" | "s" | "skills" | "skill" | "md"))
        .collect();
    let about = about.join("-");
    // `Test results` are those of the tests, also where a step is called so.
    let free = vocabulary::kind_of(clause).is_none();
    let may_be_named =
        step_word || path_in(clause).is_some() || (names_output && free) || about.contains('-');
    let named = steps.iter().find(|step| {
        let put_out = step.outputs.iter().any(|output| slug(output) == slug(clause));
        let names = [&step.id, &step.title, &step.name_in_document];
        put_out || (may_be_named && names.iter().any(|name| is_named(name, &about)))
    });
    let asks = names_output && words.iter().any(|word| word == "of" || word == "from");
    let unknown = asks && !about.is_empty() && free;
    named
        .map(|step| StepRef::Id(step.id.clone()))
        .or_else(|| unknown.then(|| StepRef::Unknown(clause.to_owned())))
}

fn is_named(name: &str, about: &str) -> bool {
    let name = slug(name.rsplit('/').next().unwrap_or(name).trim_end_matches(".md"));
    !about.is_empty() && name == about
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
