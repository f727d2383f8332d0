//! The rules: the built-in forms, and those of a project's own rule file.
//! A text is searched once for the keywords of all rules; only a rule whose
//! keyword is there is compiled and tried.

use super::gitleaks::{Allow, OwnRule, Spot};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

/// How sure a rule's form alone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// The issuer's prefix or layout: nothing else looks like it.
    Token,
    /// A rule of the project's own.
    Own,
    /// A value of a known form beside a telling name.
    Beside,
    /// A password inside of an address.
    Address,
    /// A value beside a telling name, in quotes.
    Quoted,
    /// A value beside a telling name, bare, as in `.env` files and commands.
    Bare,
}

/// A rule.
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) form: Form,
    keywords: Vec<String>,
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
    pub(super) own: Option<OwnRule>,
}

/// What a rule says of a secret that it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    /// It is one.
    Yes,
    /// An allow-list lets it be.
    Allowed,
    /// The rule is for other files.
    Elsewhere,
}

/// A place that a rule matches.
pub(super) struct Match<'t> {
    pub(super) range: Range<usize>,
    /// The end of the name beside which it stands.
    pub(super) tail: &'t str,
    pub(super) form: Form,
}

impl Rule {
    fn new(id: &str, what: &str, form: Form, rest: (&str, String)) -> Rule {
        let (keywords, pattern) = rest;
        let keywords = keywords.split(',').map(|word| word.trim().to_lowercase()).collect();
        let (id, what) = (id.to_owned(), what.to_owned());
        Rule { id, what, form, keywords, pattern, compiled: OnceLock::new(), own: None }
    }

    fn of_project(own: OwnRule) -> Rule {
        Rule {
            id: own.id.clone(),
            what: if own.description.is_empty() { own.id.clone() } else { own.description.clone() },
            form: Form::Own,
            keywords: own.keywords.iter().map(|word| word.to_lowercase()).collect(),
            pattern: String::new(),
            compiled: OnceLock::new(),
            own: Some(own),
        }
    }

    /// Every place of a text that it matches.
    pub(super) fn matches<'t>(&self, text: &'t str) -> Vec<Match<'t>> {
        if let Some(own) = &self.own {
            let of = |range| Match { range, tail: "", form: Form::Own };
            return own.find(text).into_iter().map(of).collect();
        }
        let Some(pattern) = self.compiled.get_or_init(|| Regex::new(&self.pattern).ok()) else {
            return Vec::new();
        };
        let of = |found: regex::Captures<'t>| {
            let bare = found.name("bare");
            let secret = found.name("s").or(bare).or_else(|| found.get(1))?;
            Some(Match {
                range: secret.range(),
                tail: found.name("tail").map_or("", |tail| tail.as_str()),
                form: if bare.is_some() { Form::Bare } else { self.form },
            })
        };
        pattern.captures_iter(text).filter_map(of).collect()
    }
}

/// Rules with what tells in one pass which of them can match.
pub struct SecretRules {
    rules: Vec<Rule>,
    words: Option<AhoCorasick>,
    /// For each word, the rules that want it.
    of_word: Vec<Vec<usize>>,
    /// Rules that want no word.
    always: Vec<usize>,
    allow: Vec<Allow>,
    /// Findings that `.gitleaksignore` names.
    pub(super) ignored: BTreeSet<String>,
}

impl std::fmt::Debug for SecretRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretRules({} rules)", self.rules.len())
    }
}

impl SecretRules {
    /// The built-in rules.
    pub fn built_in() -> &'static SecretRules {
        static BUILT_IN: LazyLock<SecretRules> = LazyLock::new(|| SecretRules::of(built_in(), Vec::new()));
        &BUILT_IN
    }

    /// The built-in rules, without those that are switched off, with a project's own.
    pub(super) fn with_own(own: Vec<OwnRule>, disabled: &[String], allow: Vec<Allow>) -> SecretRules {
        let named: BTreeSet<&str> = own.iter().map(|rule| rule.id.as_str()).collect();
        let kept = |rule: &Rule| !disabled.contains(&rule.id) && !named.contains(rule.id.as_str());
        let mut rules: Vec<Rule> = built_in().into_iter().filter(kept).collect();
        rules.extend(own.into_iter().filter(|rule| !disabled.contains(&rule.id)).map(Rule::of_project));
        SecretRules::of(rules, allow)
    }

    fn of(rules: Vec<Rule>, allow: Vec<Allow>) -> SecretRules {
        let words: BTreeSet<&String> =
            rules.iter().flat_map(|rule| &rule.keywords).filter(|w| !w.is_empty()).collect();
        let words: Vec<&String> = words.into_iter().collect();
        let with = |word: &String| {
            let wants = |(_, rule): &(usize, &Rule)| rule.keywords.contains(word);
            rules.iter().enumerate().filter(wants).map(|(at, _)| at).collect()
        };
        let of_word: Vec<Vec<usize>> = words.iter().map(|word| with(word)).collect();
        let always = rules.iter().enumerate().filter(|(_, rule)| rule.keywords.iter().all(String::is_empty));
        let always = always.map(|(at, _)| at).collect();
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&words);
        SecretRules { words: automaton.ok(), of_word, always, allow, ignored: BTreeSet::new(), rules }
    }

    /// Whether a rule looks at the file, and lets the secret be nowhere.
    pub(super) fn objects(&self, spot: &Spot<'_>) -> Objects {
        let own = self.rules.iter().filter(|rule| rule.id == spot.rule).find_map(|rule| rule.own.as_ref());
        if let Some(own) = own {
            if own.path.as_ref().is_some_and(|path| !path.is_match(spot.path.as_bytes())) {
                return Objects::Elsewhere;
            }
            if own.allow.iter().any(|allow| allow.has(spot)) {
                return Objects::Allowed;
            }
        }
        if self.allow.iter().any(|allow| allow.has(spot)) { Objects::Allowed } else { Objects::Yes }
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules of lines, each with the lines (their byte ranges) on which one of its words is.
    pub(super) fn by_line(&self, text: &str) -> Vec<(Range<usize>, Vec<&Rule>)> {
        let mut out: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (at, word) in self.hits(text) {
            let fresh = out.last().is_none_or(|(line, _)| !line.contains(&at) && line.end != at);
            if fresh {
                let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                out.push((start..end, Vec::new()));
            }
            if let Some((_, rules)) = out.last_mut() {
                rules.extend(&self.of_word[word]);
            }
        }
        let of = |(line, mut rules): (Range<usize>, Vec<usize>)| {
            rules.sort_unstable();
            rules.dedup();
            let rules: Vec<&Rule> =
                rules.into_iter().map(|at| &self.rules[at]).filter(|r| r.own.is_none()).collect();
            (line, rules)
        };
        out.into_iter().map(of).collect()
    }

    /// The project's own rules that can match somewhere in a text.
    pub(super) fn own(&self, text: &str) -> Vec<&Rule> {
        if self.rules.iter().all(|rule| rule.own.is_none()) {
            return Vec::new();
        }
        let mut wanted: BTreeSet<usize> = self.always.iter().copied().collect();
        wanted.extend(self.hits(text).flat_map(|(_, word)| self.of_word[word].iter().copied()));
        wanted.into_iter().map(|at| &self.rules[at]).filter(|rule| rule.own.is_some()).collect()
    }

    /// Where words stand, in the text's order.
    fn hits<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let found = self.words.as_ref().map(|words| words.find_overlapping_iter(text));
        found.into_iter().flatten().map(|found| (found.start(), found.pattern().as_usize()))
    }

    /// The ids of the rules.
    #[cfg(test)]
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

#[cfg(test)]
impl Rule {
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }
}

/// The built-in forms: `id | what | kind | keywords | pattern`.
const FORMS: &str = include_str!("forms.txt");

/// What a value beside a name ends with.
const END: &str = r"(?:[^A-Za-z0-9_/+=-]|$)";

fn built_in() -> Vec<Rule> {
    let mut out: Vec<Rule> = FORMS
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let fields: Vec<&str> = line.splitn(5, " | ").collect();
            let [id, what, kind, keywords, pattern] = fields.as_slice() else { return None };
            if *kind == "token" {
                return Some(Rule::new(id, what, Form::Token, (keywords, (*pattern).to_owned())));
            }
            let names: Vec<String> = keywords.split(',').map(|name| name.replace('-', "[ _.-]?")).collect();
            // A name may be written together, with a hyphen, a dot or an underline.
            let words: Vec<String> = keywords
                .split(',')
                .flat_map(|name| ["-", "_", "", " ", "."].map(|between| name.replace('-', between)))
                .collect();
            let pattern = format!(
                r#"(?i-u:{})[A-Za-z0-9_ \t.-]{{0,20}}[ \t"'\]]{{0,4}}(?::{{1,3}}=|=>|\?=|\|\||[=:,>(])[ \t"'`=]{{0,5}}(?P<s>(?i-u:{pattern})){END}"#,
                names.join("|")
            );
            Some(Rule::new(id, what, Form::Beside, (&words.join(","), pattern)))
        })
        .collect();
    out.extend(GENERAL.iter().map(|(id, what, form, keywords, pattern)| {
        Rule::new(id, what, *form, (keywords, (*pattern).to_owned()))
    }));
    out
}

type Row = (&'static str, &'static str, Form, &'static str, &'static str);

/// What no issuer has a form for: passwords, and whatever a name gives away.
#[rustfmt::skip]
const GENERAL: &[Row] = &[
    ("url-password", "a password in an address", Form::Address, "://", r#"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:@/"'`<>]*:([^\s@/"'`<>]{3,})@[^\s@]"#),
    ("connection-password", "a password in a connection string", Form::Bare, "password,pwd", r#"(?:^|[;"'])[ \t]?(?i-u:password|pwd)=([^\s;"'`]{4,});"#),
    ("flag-password", "a password on a command line", Form::Bare, "password,passwd,token,secret,api-key", r#"--(?i-u:[a-z-]{0,20}(?:password|passwd|token|secret|api-key))[= ]["']?([^\s"'`]{8,})"#),
    ("quoted-secret", "a password, key or token in the source", Form::Quoted, "password,passwd,passphrase,pwd,secret,token,key,credential", r#"(?i-u:passw(?:or)?d|passphrase|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|auth_?-?key|signing_?-?key|encryption_?-?key|credentials?)(?P<tail>(?i-u:[a-z0-9_.-]{0,20}))["']?\]?(?:[ \t]{0,4}:[ \t]{0,4}[&A-Za-z ']{1,20})?[ \t]{0,8}(?::=|=>|=|:)[ \t]{0,8}[a-zA-Z]{0,2}["'`](?P<s>[^\s"'`]{8,})["'`]"#),
    ("bare-secret", "a password, key or token in a setting", Form::Bare, "password,passwd,passphrase,secret,token,key", r"(?m-u:^)[ \t+-]{0,20}(?:export[ \t]+|ENV[ \t]+|set[ \t]+)?(?i-u:[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|auth_?-?key|signing_?-?key|encryption_?-?key))(?P<tail>(?i-u:[a-z0-9_.-]{0,20}))(?:=|:[ \t]{1,4})(?P<s>[A-Za-z0-9+/=_!@\#%^&*~-]{8,})[ \t]*\r?(?m-u:$)"),
];
