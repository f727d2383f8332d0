//! A command as words: what a shell would make of it, as far as that can be
//! said without a shell.

use crate::config::Command;

/// The words of the command that decides how it all ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The words before the text, for a shell (`sh -c`); empty where none is used.
    shell: Vec<String>,
    /// What stands before the last command of the text.
    before: String,
    /// The words of the last command.
    pub words: Vec<String>,
}

impl Line {
    /// The words of a command, if its last part is a simple one.
    pub fn of(command: &Command) -> Option<Line> {
        match command {
            Command::Shell(text) => Line::of_text(vec!["sh".to_owned(), "-c".to_owned()], text),
            Command::Words(words) => match words.as_slice() {
                [shell, flag, text] if is_shell(shell) && is_command_flag(flag) => {
                    Line::of_text(vec![shell.clone(), flag.clone()], text)
                }
                [] => None,
                _ => Some(Line { shell: Vec::new(), before: String::new(), words: words.clone() }),
            },
        }
    }

    fn of_text(shell: Vec<String>, text: &str) -> Option<Line> {
        let at = last_command(text)?;
        let (before, last) = text.split_at(at);
        let (assignments, rest) = after_assignments(last);
        let words: Vec<String> = shlex::split(rest)?;
        if words.is_empty() {
            return None;
        }
        Some(Line { shell, before: format!("{before}{assignments}"), words })
    }

    /// The program and its arguments, with other words in the last command.
    pub fn with(&self, words: &[String]) -> Vec<String> {
        if self.shell.is_empty() {
            return words.to_vec();
        }
        let joined = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
        let mut argv = self.shell.clone();
        argv.push(format!("{}{joined}", self.before));
        argv
    }
}

fn is_shell(word: &str) -> bool {
    matches!(program(word), "sh" | "bash" | "dash" | "zsh" | "ksh")
}

/// `-c`, `-ec`, `-euc`, …
fn is_command_flag(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
}

/// Where the last simple command of a shell's text begins. None where the
/// text's end depends on more than that: pipes, groups, expansions.
fn last_command(text: &str) -> Option<usize> {
    if text.contains("<<") {
        return None;
    }
    let mut start = 0;
    let mut quote = None;
    let mut simple = true;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '\n') => {
                start = at + 1;
                simple = true;
            }
            (None, '&') if chars.next_if(|(_, next)| *next == '&').is_some() => {
                start = at + 2;
                simple = true;
            }
            _ => simple &= !is_hard(quote, c),
        }
    }
    let word = text[start..].split_whitespace().next().unwrap_or_default();
    let keyword =
        matches!(word, "if" | "then" | "else" | "fi" | "for" | "do" | "done" | "while" | "case" | "esac");
    (simple && quote.is_none() && !keyword).then_some(start)
}

/// Whether a shell makes more of this character than itself.
fn is_hard(quote: Option<char>, c: char) -> bool {
    match quote {
        None => "|&()<>{}*?[~#!$`\\".contains(c),
        Some('"') => "$`\\".contains(c),
        Some(_) => false,
    }
}

/// Splits `A=1 B=2 pytest` before `pytest`.
fn after_assignments(text: &str) -> (&str, &str) {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        let begin = at + rest.len() - trimmed.len();
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let word = &trimmed[..end];
        let assigns = word.split_once('=').is_some_and(|(name, value)| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !value.contains(['\'', '"'])
        });
        if !assigns || end == trimmed.len() {
            return (&text[..begin], &text[begin..]);
        }
        at = begin + end;
    }
}

/// The program's name without its folder.
pub fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// `python`, `python3`, `python3.12`, `pypy3`.
pub fn is_python(program: &str) -> bool {
    let rest = program.strip_prefix("python").or_else(|| program.strip_prefix("pypy"));
    rest.is_some_and(|r| r.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Programs that run the command after them, and how many words they take
/// themselves at least.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("env", &[]),
    ("time", &[]),
    ("nice", &[]),
    ("timeout", &["<time>"]),
    ("xvfb-run", &[]),
    ("uv", &["run"]),
    ("poetry", &["run"]),
    ("pipenv", &["run"]),
    ("pdm", &["run"]),
    ("hatch", &["run"]),
    ("rye", &["run"]),
    ("coverage", &["run"]),
    ("mise", &["exec"]),
    ("npx", &[]),
    ("bunx", &[]),
    ("dotenv", &[]),
    ("cross-env", &[]),
];

/// Where the runner stands among the words: behind wrappers and their options.
pub fn runner_at(words: &[String]) -> Option<usize> {
    let mut at = 0;
    loop {
        let word = words.get(at)?;
        let name = program(word);
        if let Some((_, takes)) = WRAPPERS.iter().find(|(w, _)| *w == name) {
            at = behind(words, at + 1, takes)?;
        } else if matches!(name, "yarn" | "pnpm") && runs_binary(words.get(at + 1)) {
            at += 1;
            if matches!(words.get(at).map(String::as_str), Some("exec" | "dlx" | "run")) {
                at += 1;
            }
        } else {
            return Some(at);
        }
        // `coverage run -m pytest`, as python would have it.
        if words.get(at).is_some_and(|w| w == "-m") {
            at += 1;
        }
    }
}

/// `yarn jest`, `pnpm exec vitest`: a program of the packages, no script.
fn runs_binary(next: Option<&String>) -> bool {
    matches!(next.map(String::as_str), Some("jest" | "vitest" | "exec" | "dlx"))
}

fn behind(words: &[String], mut at: usize, takes: &[&str]) -> Option<usize> {
    for wanted in takes {
        while words.get(at)?.starts_with('-') {
            at += 1;
        }
        if *wanted != "<time>" && words.get(at)? != wanted {
            return None;
        }
        at += 1;
    }
    loop {
        let word = words.get(at)?;
        match word.as_str() {
            "-m" => return Some(at),
            "--" => return Some(at + 1),
            // Options of wrappers that have a value of their own.
            "--with" | "--extra" | "--group" | "--python" | "-p" | "--project" | "-n" | "--package" => {
                at += 2;
            }
            option if option.starts_with('-') => at += 1,
            assignment if assignment.contains('=') && !assignment.contains('/') => at += 1,
            _ => return Some(at),
        }
    }
}
