//! The checkers that are known: what files each looks at, how it is asked for
//! output that programs can read, which exit statuses mean that it could not
//! check, and what formats in its place.

use super::Format;
use crate::config::Command;

/// What is known of a checker.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Globs of the files that it looks at; none: all.
    pub paths: &'static [&'static str],
    /// Whether the changed files are appended; otherwise it looks at everything.
    pub takes_files: bool,
    /// What it prints, once it was asked as [`Asked`] says.
    pub format: Format,
    /// Exit statuses that mean that it could not check.
    pub broken: &'static [i32],
    /// Arguments that ask for that output, unless one of them is there already.
    asks: &'static [&'static str],
    /// What says that somebody chose an output already.
    chosen: &'static [&'static str],
    /// How it mends what it finds.
    fix: Fix,
}

#[derive(Debug, Clone, Copy)]
enum Fix {
    /// It cannot.
    None,
    /// With these arguments in place of those.
    Swap { remove: &'static [&'static str], add: &'static [&'static str] },
    /// By being run: it changes what it finds.
    Itself,
}

/// A command of the config, as it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The program and its arguments, without files.
    pub words: Vec<String>,
    /// What it prints; none where that has to be found out.
    pub format: Option<Format>,
}

const PYTHON: &[&str] = &["*.py", "*.pyi"];
const SCRIPT: &[&str] =
    &["*.js", "*.jsx", "*.mjs", "*.cjs", "*.ts", "*.tsx", "*.mts", "*.cts", "*.vue", "*.svelte"];
const WEB: &[&str] = &[
    "*.js",
    "*.jsx",
    "*.mjs",
    "*.cjs",
    "*.ts",
    "*.tsx",
    "*.mts",
    "*.cts",
    "*.vue",
    "*.css",
    "*.scss",
    "*.less",
    "*.json",
    "*.html",
    "*.md",
    "*.yml",
    "*.yaml",
    "*.graphql",
];
const SHELL: &[&str] = &["*.sh", "*.bash", "*.bats", "*.ksh"];
const C: &[&str] = &["*.c", "*.h", "*.cc", "*.cpp", "*.cxx", "*.hpp", "*.hh", "*.m", "*.mm"];

/// A tool with nothing special about it.
const PLAIN: Tool = Tool {
    name: "",
    paths: &[],
    takes_files: true,
    format: Format::Text,
    broken: &[],
    asks: &[],
    chosen: &[],
    fix: Fix::None,
};

/// Every known tool, by the words that its command begins with.
const TOOLS: &[(&[&str], Tool)] = &[
    (&["pre-commit"], Tool { name: "pre-commit", broken: &[3], fix: Fix::Itself, ..PLAIN }),
    (&["prek"], Tool { name: "prek", broken: &[2, 3], fix: Fix::Itself, ..PLAIN }),
    (
        &["ruff", "format"],
        Tool {
            name: "ruff format",
            paths: PYTHON,
            format: Format::Diff,
            broken: &[2],
            asks: &["--diff"],
            chosen: &["--diff"],
            fix: Fix::Swap { remove: &["--check", "--diff"], add: &[] },
            ..PLAIN
        },
    ),
    (
        &["ruff"],
        Tool {
            name: "ruff",
            paths: PYTHON,
            format: Format::Json,
            broken: &[2],
            asks: &["--output-format=json"],
            chosen: &["--output-format", "--format"],
            fix: Fix::Swap { remove: &[], add: &["--fix"] },
            ..PLAIN
        },
    ),
    (&["flake8"], Tool { name: "flake8", paths: PYTHON, chosen: &["--format"], ..PLAIN }),
    (&["pycodestyle"], Tool { name: "pycodestyle", paths: PYTHON, ..PLAIN }),
    (&["pyflakes"], Tool { name: "pyflakes", paths: PYTHON, ..PLAIN }),
    (
        &["pylint"],
        Tool {
            name: "pylint",
            paths: PYTHON,
            format: Format::Json,
            broken: &[32],
            asks: &["--output-format=json"],
            chosen: &["--output-format", "-f"],
            ..PLAIN
        },
    ),
    (&["mypy"], Tool { name: "mypy", paths: PYTHON, broken: &[2], ..PLAIN }),
    (
        &["black"],
        Tool {
            name: "black",
            paths: PYTHON,
            format: Format::Diff,
            broken: &[123],
            asks: &["--diff", "--quiet"],
            chosen: &["--diff"],
            fix: Fix::Swap { remove: &["--check", "--diff"], add: &[] },
            ..PLAIN
        },
    ),
    (
        &["isort"],
        Tool {
            name: "isort",
            paths: PYTHON,
            format: Format::Diff,
            asks: &["--diff"],
            chosen: &["--diff"],
            fix: Fix::Swap { remove: &["--check", "--check-only", "-c", "--diff"], add: &[] },
            ..PLAIN
        },
    ),
    (
        &["eslint"],
        Tool {
            name: "eslint",
            paths: SCRIPT,
            format: Format::Json,
            broken: &[2],
            asks: &["--format=json", "--no-error-on-unmatched-pattern"],
            chosen: &["--format", "-f", "-o", "--output-file"],
            fix: Fix::Swap { remove: &[], add: &["--fix"] },
            ..PLAIN
        },
    ),
    (
        &["prettier"],
        Tool {
            name: "prettier",
            paths: WEB,
            broken: &[2],
            fix: Fix::Swap { remove: &["--check", "-c", "--list-different", "-l"], add: &["--write"] },
            ..PLAIN
        },
    ),
    (
        &["biome", "format"],
        Tool { name: "biome format", paths: WEB, fix: Fix::Swap { remove: &[], add: &["--write"] }, ..PLAIN },
    ),
    (
        &["biome"],
        Tool {
            name: "biome",
            paths: WEB,
            format: Format::Json,
            asks: &["--reporter=json"],
            chosen: &["--reporter"],
            fix: Fix::Swap { remove: &[], add: &["--write"] },
            ..PLAIN
        },
    ),
    (
        &["stylelint"],
        Tool {
            name: "stylelint",
            paths: &["*.css", "*.scss", "*.less", "*.vue"],
            format: Format::Json,
            broken: &[64, 78],
            asks: &["--formatter=json"],
            chosen: &["--formatter", "-f", "--custom-formatter"],
            fix: Fix::Swap { remove: &[], add: &["--fix"] },
            ..PLAIN
        },
    ),
    (&["tsc"], Tool { name: "tsc", paths: SCRIPT, takes_files: false, ..PLAIN }),
    (
        &["cargo", "clippy"],
        Tool {
            name: "clippy",
            paths: &["*.rs", "Cargo.toml"],
            takes_files: false,
            format: Format::Cargo,
            asks: &["--message-format=json"],
            chosen: &["--message-format"],
            ..PLAIN
        },
    ),
    (
        &["cargo", "check"],
        Tool {
            name: "cargo check",
            paths: &["*.rs", "Cargo.toml"],
            takes_files: false,
            format: Format::Cargo,
            asks: &["--message-format=json"],
            chosen: &["--message-format"],
            ..PLAIN
        },
    ),
    (
        &["cargo", "fmt"],
        Tool {
            name: "cargo fmt",
            paths: &["*.rs"],
            takes_files: false,
            format: Format::Diff,
            asks: &["--check"],
            chosen: &["--check"],
            fix: Fix::Swap { remove: &["--check"], add: &[] },
            ..PLAIN
        },
    ),
    (
        &["rustfmt"],
        Tool {
            name: "rustfmt",
            paths: &["*.rs"],
            format: Format::Diff,
            asks: &["--check"],
            chosen: &["--check"],
            fix: Fix::Swap { remove: &["--check"], add: &[] },
            ..PLAIN
        },
    ),
    (
        &["gofmt"],
        Tool {
            name: "gofmt",
            paths: &["*.go"],
            format: Format::Diff,
            broken: &[2],
            asks: &["-d"],
            chosen: &["-d"],
            fix: Fix::Swap { remove: &["-l", "-d"], add: &["-w"] },
            ..PLAIN
        },
    ),
    (
        &["goimports"],
        Tool {
            name: "goimports",
            paths: &["*.go"],
            format: Format::Diff,
            broken: &[2],
            asks: &["-d"],
            chosen: &["-d"],
            fix: Fix::Swap { remove: &["-l", "-d"], add: &["-w"] },
            ..PLAIN
        },
    ),
    (&["go", "vet"], Tool { name: "go vet", paths: &["*.go"], takes_files: false, ..PLAIN }),
    (&["staticcheck"], Tool { name: "staticcheck", paths: &["*.go"], takes_files: false, ..PLAIN }),
    (
        &["golangci-lint"],
        Tool {
            name: "golangci-lint",
            paths: &["*.go"],
            takes_files: false,
            broken: &[2, 3, 4, 5, 7],
            ..PLAIN
        },
    ),
    (
        &["shellcheck"],
        Tool {
            name: "shellcheck",
            paths: SHELL,
            format: Format::Json,
            broken: &[2, 3, 4],
            asks: &["--format=json1"],
            chosen: &["--format", "-f"],
            ..PLAIN
        },
    ),
    (
        &["shfmt"],
        Tool {
            name: "shfmt",
            paths: SHELL,
            format: Format::Diff,
            asks: &["-d"],
            chosen: &["-d", "--diff"],
            fix: Fix::Swap { remove: &["-l", "-d", "--diff", "--list"], add: &["-w"] },
            ..PLAIN
        },
    ),
    (
        &["rubocop"],
        Tool {
            name: "rubocop",
            paths: &["*.rb", "*.rake", "*.gemspec", "Gemfile", "Rakefile"],
            format: Format::Json,
            broken: &[2],
            asks: &["--format=json", "--force-exclusion"],
            chosen: &["--format", "-f"],
            fix: Fix::Swap { remove: &[], add: &["--autocorrect"] },
            ..PLAIN
        },
    ),
    (
        &["phpcs"],
        Tool {
            name: "phpcs",
            paths: &["*.php"],
            format: Format::Json,
            broken: &[3],
            asks: &["--report=json", "-q"],
            chosen: &["--report"],
            ..PLAIN
        },
    ),
    (
        &["clang-format"],
        Tool {
            name: "clang-format",
            paths: C,
            asks: &["--dry-run", "-Werror"],
            chosen: &["--dry-run", "-n"],
            fix: Fix::Swap { remove: &["--dry-run", "-n", "-Werror", "--Werror"], add: &["-i"] },
            ..PLAIN
        },
    ),
    (
        &["hadolint"],
        Tool { name: "hadolint", paths: &["Dockerfile", "Dockerfile.*", "*.dockerfile"], ..PLAIN },
    ),
    (&["yamllint"], Tool { name: "yamllint", paths: &["*.yml", "*.yaml"], ..PLAIN }),
    (&["actionlint"], Tool { name: "actionlint", paths: &[".github/workflows/*"], ..PLAIN }),
    (&["markdownlint"], Tool { name: "markdownlint", paths: &["*.md"], ..PLAIN }),
    (&["ktlint"], Tool { name: "ktlint", paths: &["*.kt", "*.kts"], ..PLAIN }),
    (&["swiftlint"], Tool { name: "swiftlint", paths: &["*.swift"], ..PLAIN }),
    (&["sqlfluff"], Tool { name: "sqlfluff", paths: &["*.sql"], broken: &[2], ..PLAIN }),
    (&["checkstyle"], Tool { name: "checkstyle", paths: &["*.java"], ..PLAIN }),
];

/// Words that run the program that follows them.
const RUNNERS: &[&[&str]] = &[
    &["npx"],
    &["bunx"],
    &["pnpm", "exec"],
    &["pnpm", "dlx"],
    &["pnpm"],
    &["yarn", "run"],
    &["yarn", "exec"],
    &["yarn"],
    &["uv", "run"],
    &["uvx"],
    &["poetry", "run"],
    &["pdm", "run"],
    &["pipenv", "run"],
    &["hatch", "run"],
    &["pipx", "run"],
    &["bundle", "exec"],
    &["python", "-m"],
    &["python3", "-m"],
    &["env"],
    &["nice"],
    &["time"],
];

/// Where the program begins among some words, and which it is.
fn find(words: &[String]) -> Option<(usize, &'static Tool)> {
    let mut at = 0;
    loop {
        let rest = words.get(at..)?;
        let first = rest.first()?;
        let assigns = first.contains('=') && first.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        if assigns || (at > 0 && first.starts_with('-')) {
            at += 1;
            continue;
        }
        let base = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
        let begins = |start: &[&str]| {
            start.len() <= rest.len()
                && start
                    .iter()
                    .zip(rest)
                    .enumerate()
                    .all(|(n, (want, word))| if n == 0 { base(word) == *want } else { word == want })
        };
        if let Some((_, tool)) = TOOLS.iter().find(|(start, _)| begins(start)) {
            return Some((at, tool));
        }
        at += RUNNERS.iter().find(|runner| begins(runner))?.len();
    }
}

/// The words of a command; none where a shell would do more than run one program.
fn words(command: &Command) -> Option<Vec<String>> {
    match command {
        Command::Words(words) => Some(words.clone()),
        Command::Shell(text) => {
            let simple = !text.contains(['|', ';', '&', '<', '>', '$', '`', '(', ')', '\n', '*', '~']);
            shlex::split(text).filter(|_| simple)
        }
    }
}

/// The checker that a command is, if it is a known one.
pub fn of(command: &Command) -> Option<&'static Tool> {
    find(&words(command)?).map(|(_, tool)| tool)
}

/// The command as it is run: asked for output that programs can read, where
/// its author did not ask for another.
pub fn asked(command: &Command) -> Asked {
    let Some(mut all) = words(command) else { return Asked { words: command.argv(), format: None } };
    let Some((at, tool)) = find(&all) else { return Asked { words: command.argv(), format: None } };
    let given = |flag: &&str| {
        let long = format!("{flag}=");
        all[at..].iter().any(|word| word == flag || word.starts_with(&long))
    };
    if tool.chosen.iter().any(&given) && !tool.asks.iter().all(&given) {
        return Asked { words: all, format: None };
    }
    let missing: Vec<String> =
        tool.asks.iter().filter(|flag| !given(flag)).map(|flag| (*flag).to_owned()).collect();
    // What stands behind `--` is for somebody else (cargo clippy -- -D warnings).
    let end = all.iter().position(|word| word == "--").unwrap_or(all.len());
    all.splice(end..end, missing);
    if matches!(tool.name, "pre-commit" | "prek") {
        if !all.iter().any(|word| word == "run") {
            all.push("run".to_owned());
        }
        all.retain(|word| word != "--all-files" && word != "-a");
        if all.last().is_none_or(|word| word != "--files") {
            all.push("--files".to_owned());
        }
    }
    Asked { words: all, format: Some(tool.format) }
}

/// The command that mends what this one finds.
pub fn fixing(command: &Command) -> Option<Vec<String>> {
    let mut all = words(command)?;
    let (at, tool) = find(&all)?;
    match tool.fix {
        Fix::None => None,
        Fix::Itself => Some(asked(command).words),
        Fix::Swap { remove, add } => {
            let head = all.split_off(at);
            let kept = head.into_iter().filter(|word| !remove.contains(&word.as_str()));
            all.extend(kept);
            let end = all.iter().position(|word| word == "--").unwrap_or(all.len());
            let missing: Vec<String> = add
                .iter()
                .filter(|word| !all.iter().any(|w| w == *word))
                .map(|word| (*word).to_owned())
                .collect();
            all.splice(end..end, missing);
            Some(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> Command {
        Command::Shell(text.to_owned())
    }

    #[test]
    fn commands_as_they_are_run() {
        for (text, name, words) in [
            ("flake8", "flake8", "flake8"),
            ("python -m flake8 --max-line-length 100", "flake8", "python -m flake8 --max-line-length 100"),
            ("ruff check", "ruff", "ruff check --output-format=json"),
            ("uv run ruff check --select E", "ruff", "uv run ruff check --select E --output-format=json"),
            ("ruff format --check", "ruff format", "ruff format --check --diff"),
            (
                "npx --no-install eslint src",
                "eslint",
                "npx --no-install eslint src --format=json --no-error-on-unmatched-pattern",
            ),
            (
                "./node_modules/.bin/eslint",
                "eslint",
                "./node_modules/.bin/eslint --format=json --no-error-on-unmatched-pattern",
            ),
            (
                "cargo clippy --all-targets -- -D warnings",
                "clippy",
                "cargo clippy --all-targets --message-format=json -- -D warnings",
            ),
            ("gofmt -l", "gofmt", "gofmt -l -d"),
            ("NODE_ENV=test yarn prettier --check", "prettier", "NODE_ENV=test yarn prettier --check"),
            ("pre-commit run --all-files", "pre-commit", "pre-commit run --files"),
            ("prek", "prek", "prek run --files"),
            ("bundle exec rubocop", "rubocop", "bundle exec rubocop --format=json --force-exclusion"),
        ] {
            let command = shell(text);
            assert_eq!(of(&command).map(|tool| tool.name), Some(name), "{text}");
            assert_eq!(asked(&command).words.join(" "), words, "{text}");
        }
    }

    #[test]
    fn what_its_author_chose_stays() {
        for text in ["eslint -f stylish", "ruff check --output-format=concise", "shellcheck --format gcc"] {
            let asked = asked(&shell(text));
            assert_eq!((asked.words.join(" "), asked.format), (text.to_owned(), None));
        }
    }

    #[test]
    fn what_is_not_known_is_run_as_it_is() {
        for text in
            ["ops/style", "make lint", "eslint . | tee out", "cd web && npx eslint", "for f in *; do x; done"]
        {
            assert!(of(&shell(text)).is_none(), "{text}");
            assert_eq!(asked(&shell(text)).words, ["sh", "-c", text]);
            assert_eq!(fixing(&shell(text)), None);
        }
    }

    #[test]
    fn what_mends() {
        for (text, words) in [
            ("cargo fmt --all --check", Some("cargo fmt --all")),
            ("black --check", Some("black")),
            ("npx prettier --check", Some("npx prettier --write")),
            ("gofmt -l", Some("gofmt -w")),
            ("eslint", Some("eslint --fix")),
            ("pre-commit run", Some("pre-commit run --files")),
            ("flake8", None),
            ("cargo clippy", None),
        ] {
            assert_eq!(fixing(&shell(text)).map(|w| w.join(" ")).as_deref(), words, "{text}");
        }
    }
}
