//! A project's own rules, as gitleaks writes them: `.gitleaks.toml` with its
//! rules and allow-lists, and `.gitleaksignore`. Patterns are read as Go
//! reads them, on bytes.

use super::SecretRules;
use super::plausible::entropy;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::ops::Range;
use std::sync::OnceLock;

/// Some of gitleaks' patterns need this much when compiled.
const MAX_COMPILED: usize = 128 * 1024 * 1024;

/// Why a rule file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct SecretRulesError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub message: String,
}

/// A rule file: its name, its text.
#[derive(Debug, Clone, Copy)]
pub struct RuleFile<'t> {
    /// Its path, for messages.
    pub name: &'t str,
    /// What it says.
    pub text: &'t str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    extend: Extend,
    rules: Vec<RuleText>,
    allowlist: Option<AllowText>,
    allowlists: Vec<AllowText>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extend {
    path: Option<String>,
    disabled_rules: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleText {
    id: String,
    description: String,
    regex: Option<String>,
    path: Option<String>,
    entropy: Option<f64>,
    secret_group: Option<usize>,
    keywords: Vec<String>,
    allowlist: Option<AllowText>,
    allowlists: Vec<AllowText>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AllowText {
    condition: Option<String>,
    paths: Vec<String>,
    regexes: Vec<String>,
    regex_target: Option<String>,
    stopwords: Vec<String>,
    target_rules: Vec<String>,
}

/// A rule of a project's own.
pub(super) struct OwnRule {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) keywords: Vec<String>,
    regex: Option<String>,
    compiled: OnceLock<Option<Regex>>,
    /// Files that it looks at; every one where there is none.
    pub(super) path: Option<Regex>,
    entropy: f64,
    group: usize,
    pub(super) allow: Vec<Allow>,
}

/// What is no secret.
pub(super) struct Allow {
    all: bool,
    paths: Vec<Regex>,
    regexes: Vec<Regex>,
    of_line: bool,
    of_match: bool,
    stopwords: Vec<String>,
    rules: Vec<String>,
}

/// Where a secret was found.
pub(super) struct Spot<'a> {
    pub(super) rule: &'a str,
    pub(super) path: &'a str,
    pub(super) secret: &'a str,
    pub(super) line: &'a str,
}

impl SecretRules {
    /// The built-in rules with those of a project's rule files, the first
    /// being the project's and the others those that it extends.
    ///
    /// # Errors
    /// Where a file cannot be read, or a pattern is none.
    pub fn with_files(files: &[RuleFile<'_>]) -> Result<SecretRules, SecretRulesError> {
        let (mut own, mut disabled, mut allow) = (Vec::new(), Vec::new(), Vec::new());
        for file in files {
            let text: File = read(*file)?;
            for one in text.allowlists.iter().chain(&text.allowlist) {
                allow.push(one.compile(file.name)?);
            }
            disabled.extend(text.extend.disabled_rules);
            for rule in text.rules.into_iter().filter(|rule| rule.regex.is_some()) {
                own.push(rule.compile(file.name)?);
            }
        }
        Ok(SecretRules::with_own(own, &disabled, allow))
    }

    /// Leaves out what `.gitleaksignore` names, one `file:rule:line` a line.
    pub fn ignoring(mut self, text: &str) -> SecretRules {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            // With a commit in front it means that commit alone, which a change is not part of.
            let parts: Vec<&str> = line.rsplitn(3, ':').collect();
            if let [number, rule, file] = parts.as_slice() {
                let file = file.split_once(':').map_or(*file, |(_, file)| file);
                self.ignored.insert(format!("{file}:{rule}:{number}"));
            }
        }
        self
    }
}

/// The file that a rule file extends, relative to the repository.
///
/// # Errors
/// Where it cannot be read.
pub fn extends(file: RuleFile<'_>) -> Result<Option<String>, SecretRulesError> {
    Ok(read(file)?.extend.path)
}

fn read(file: RuleFile<'_>) -> Result<File, SecretRulesError> {
    toml::from_str(file.text)
        .map_err(|e| SecretRulesError { file: file.name.to_owned(), message: e.message().to_owned() })
}

/// A pattern as Go reads it: a brace that counts nothing is a brace.
fn of_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut escaped, mut class) = (false, false);
    for (at, c) in pattern.char_indices() {
        let counts = || {
            let rest = &pattern[at + 1..];
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ','));
            end.is_some_and(|end| end > 0 && rest[end..].starts_with('}') && !rest.starts_with(','))
        };
        // `\x{…}` and `\p{…}` name characters.
        let names = at >= 2 && escaped_name(&pattern[..at]);
        if c == '{' && !escaped && !class && !names && !counts() {
            out.push('\\');
        }
        out.push(c);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            _ => {}
        }
    }
    out
}

fn escaped_name(before: &str) -> bool {
    ["\\x", "\\p", "\\P", "\\u"].iter().any(|start| before.ends_with(start))
}

fn compile(pattern: &str, file: &str) -> Result<Regex, SecretRulesError> {
    // Go's classes are those of ASCII.
    RegexBuilder::new(&of_go(pattern)).unicode(false).size_limit(MAX_COMPILED).build().map_err(|e| {
        SecretRulesError {
            file: file.to_owned(),
            message: format!("`{}` is no pattern: {e}", crate::text::brief(pattern, 60)),
        }
    })
}

impl RuleText {
    fn compile(self, file: &str) -> Result<OwnRule, SecretRulesError> {
        let path = self.path.as_deref().map(|path| compile(path, file)).transpose()?;
        let allow: Result<Vec<Allow>, _> =
            self.allowlists.iter().chain(&self.allowlist).map(|one| one.compile(file)).collect();
        // What is no pattern is said at once; what is one is compiled when it is needed.
        if let Some(pattern) = &self.regex {
            let parsed =
                regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&of_go(pattern));
            parsed.map_err(|e| SecretRulesError {
                file: file.to_owned(),
                message: format!("the rule `{}` has no pattern: {e}", self.id),
            })?;
        }
        Ok(OwnRule {
            id: self.id,
            description: self.description,
            keywords: self.keywords,
            regex: self.regex,
            compiled: OnceLock::new(),
            path,
            entropy: self.entropy.unwrap_or(0.0),
            group: self.secret_group.unwrap_or(0),
            allow: allow?,
        })
    }
}

impl AllowText {
    fn compile(&self, file: &str) -> Result<Allow, SecretRulesError> {
        let all = |patterns: &[String]| -> Result<Vec<Regex>, SecretRulesError> {
            patterns.iter().map(|pattern| compile(pattern, file)).collect()
        };
        let target = self.regex_target.as_deref();
        Ok(Allow {
            all: self.condition.as_deref().is_some_and(|c| c.eq_ignore_ascii_case("and")),
            paths: all(&self.paths)?,
            regexes: all(&self.regexes)?,
            of_line: target == Some("line"),
            of_match: target == Some("match"),
            stopwords: self.stopwords.iter().map(|word| word.to_lowercase()).collect(),
            rules: self.target_rules.clone(),
        })
    }
}

impl OwnRule {
    /// Every secret of a text, as gitleaks finds it: the named group, else
    /// the first group that took part, else all of the match.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let pattern = self.compiled.get_or_init(|| compile(self.regex.as_deref()?, "").ok());
        let Some(pattern) = pattern else { return Vec::new() };
        let mut out = Vec::new();
        for found in pattern.captures_iter(text.as_bytes()) {
            let first = || (1..found.len()).find_map(|group| found.get(group).filter(|m| !m.is_empty()));
            let chosen = if self.group > 0 { found.get(self.group) } else { first() };
            let Some(secret) = chosen.or_else(|| found.get(0)) else { continue };
            let range = whole_characters(text, secret.range());
            if !range.is_empty() && entropy(&text[range.clone()]) > self.entropy {
                out.push(range);
            }
        }
        out
    }
}

/// The range, widened to whole characters.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (range.end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    start..end
}

impl Allow {
    /// Whether it lets a secret be.
    pub(super) fn has(&self, spot: &Spot<'_>) -> bool {
        if !(self.rules.is_empty() || self.rules.iter().any(|rule| rule == spot.rule)) {
            return false;
        }
        let matches = |all: &[Regex], text: &str| all.iter().any(|pattern| pattern.is_match(text.as_bytes()));
        let target = if self.of_line || self.of_match { spot.line } else { spot.secret };
        let lower = spot.secret.to_lowercase();
        let checks = [
            (!self.paths.is_empty(), matches(&self.paths, spot.path)),
            (!self.regexes.is_empty(), matches(&self.regexes, target)),
            (!self.stopwords.is_empty(), self.stopwords.iter().any(|word| lower.contains(word))),
        ];
        let mut asked = checks.iter().filter(|(asked, _)| *asked).map(|(_, holds)| *holds).peekable();
        if asked.peek().is_none() {
            return false;
        }
        if self.all { asked.all(|holds| holds) } else { asked.any(|holds| holds) }
    }
}
