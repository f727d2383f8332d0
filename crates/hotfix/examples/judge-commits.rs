//! Judges the change gates on real commits: runs them on every commit of a
//! list that says whether its author called it a fix, a feature or a
//! refactoring, and prints how often each gate held it up.
//!
//! ```sh
//! cargo run --release --example judge-commits -- judge CLONES docs/data/judged-commits.tsv
//! cargo run --release --example judge-commits -- pick CLONES HALF:OWNER/NAME… > list.tsv
//! ```
//!
//! `CLONES` is a folder with a clone of each project, as `OWNER/NAME`,
//! `OWNER+NAME` or `NAME`. Nothing is written there.

use hotfix::git::{Git, GitError, change};
use hotfix_core::change::{Change, DEFAULT_MAX_FILES, DEFAULT_MAX_LINES, Rules, is_test_path, judge};
use hotfix_core::finding::Finding;
use hotfix_core::gate::Verdict;
use hotfix_core::policy::ChangePolicy;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// So many commits of a project are picked: fixes, features, refactorings.
const WANTED: [(&str, usize); 3] = [("fix", 12), ("feat", 10), ("refactor", 10)];

/// Scopes that concern no program: what they name is no hotfix.
const NO_CODE: &[&str] = &[
    "deps",
    "deps-dev",
    "dep",
    "ci",
    "docs",
    "doc",
    "docker",
    "test",
    "tests",
    "testing",
    "build",
    "release",
    "lint",
    "examples",
    "example",
    "i18n",
    "website",
    "site",
    "www",
    "benchmarks",
    "playground",
    "readme",
];

/// A fix of at most this size (lines of code, tests aside) is a small one.
const SMALL: (u32, u32) = (3, 50);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["pick", clones, projects @ ..] => pick(Path::new(clones), projects),
        ["judge", clones, list, options @ ..] => judged(Path::new(clones), list, options),
        _ => {
            eprintln!(
                "judge-commits judge CLONES LIST [--half NAME] [--all] | judge-commits pick CLONES HALF:OWNER/NAME…"
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

/// A clone's folder.
fn clone_of(clones: &Path, project: &str) -> Option<PathBuf> {
    let name = project.rsplit('/').next().unwrap_or(project);
    let joined = project.replace('/', "+");
    let places = [joined.clone(), format!("{joined}/repo"), project.to_owned(), name.to_owned()];
    let folders = places.iter().map(|place| clones.join(place));
    folders.into_iter().find(|folder| folder.join("HEAD").exists() || folder.join(".git").exists())
}

// Picking.

fn pick(clones: &Path, projects: &[&str]) -> Done {
    println!("half\tproject\tcommit\tlabel");
    for entry in projects {
        let (half, project) = entry.split_once(':').ok_or("a project is named HALF:OWNER/NAME")?;
        let folder = clone_of(clones, project).ok_or_else(|| format!("no clone of {project}"))?;
        let git = Git::at(folder);
        let log = git.run(["log", "--no-merges", "--format=%H%x09%ae%x09%s", "HEAD", "--"])?;
        let mut commits: Vec<(&str, &str)> = log
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, '\t');
                let (commit, author, subject) = (parts.next()?, parts.next()?, parts.next()?);
                let label = label(subject).filter(|_| !author.contains("[bot]"))?;
                Some((commit, label))
            })
            .collect();
        // A commit's id says nothing about it: its order is as good as chance.
        commits.sort_unstable();
        for (label, wanted) in WANTED {
            let of_label = commits.iter().filter(|(_, other)| *other == label);
            let with_code = of_label.filter(|(commit, _)| touches_code(&git, commit).unwrap_or(false));
            for (commit, label) in with_code.take(wanted) {
                println!("{half}\t{project}\t{commit}\t{label}");
            }
        }
    }
    Ok(())
}

/// What a Conventional Commit calls itself, if it concerns a program.
fn label(subject: &str) -> Option<&'static str> {
    let head = subject.split_once(": ")?.0.trim_end_matches('!');
    let (word, scope) = match head.split_once('(') {
        Some((word, scope)) => (word, scope.strip_suffix(')')?),
        None => (head, ""),
    };
    let concerns = !scope.to_lowercase().split([',', '/', ' ']).any(|part| NO_CODE.contains(&part));
    WANTED.iter().map(|(label, _)| *label).find(|label| *label == word && concerns)
}

/// Whether a commit changes a file of a program that is no test.
fn touches_code(git: &Git, commit: &str) -> Result<bool, GitError> {
    const CODE: &[&str] = &[
        "rs", "py", "go", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "java", "kt", "rb",
        "php", "cs", "dart", "ex", "exs", "c", "h", "cpp", "lua", "sh",
    ];
    let names = git.run(["diff-tree", "-r", "--no-commit-id", "--name-only", commit])?;
    Ok(names.lines().any(|path| {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        CODE.contains(&extension) && !is_test_path(path)
    }))
}

// Judging.

struct Row {
    half: String,
    project: String,
    commit: String,
    label: String,
    change: Seen,
}

/// What the gates say of a commit.
struct Seen {
    small: bool,
    files: u32,
    lines: u32,
    /// The binding findings of gates that fail.
    findings: Vec<Hit>,
    unknown: bool,
}

struct Hit {
    gate: String,
    rule: String,
    told: String,
}

fn judged(clones: &Path, list: &str, options: &[&str]) -> Done {
    let text = std::fs::read_to_string(list)?;
    let half = options.iter().position(|o| *o == "--half").and_then(|at| options.get(at + 1)).copied();
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        let [of, project, commit, label] = parts.as_slice() else { continue };
        if half.is_some_and(|half| half != *of) {
            continue;
        }
        let Some(folder) = clone_of(clones, project) else {
            eprintln!("no clone of {project}: left out");
            continue;
        };
        let git = Git::at(folder);
        let base = git.commit(&format!("{commit}^")).unwrap_or_else(|| EMPTY.to_owned());
        let change = change::read(&git, &base, commit)?;
        rows.push(Row {
            half: (*of).to_owned(),
            project: (*project).to_owned(),
            commit: (*commit).to_owned(),
            label: (*label).to_owned(),
            change: look(&change),
        });
    }
    if options.contains(&"--all") {
        all(&rows)?;
    }
    print_tables(&rows);
    Ok(())
}

/// The tree without files, for commits without a parent.
const EMPTY: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// Judges a commit by the page that hotfix brings along: the smallest change,
/// no refactoring, no new feature.
fn look(change: &Change) -> Seen {
    let policy =
        ChangePolicy { minimal: true, no_refactoring: true, no_features: true, ..ChangePolicy::default() };
    let rules = Rules {
        policy: &policy,
        max_files: DEFAULT_MAX_FILES,
        max_lines: DEFAULT_MAX_LINES,
        only: &[],
        protected: &[],
        generated: &[],
        allow_secrets: &[],
        secret_rules: None,
        base: "BASE",
    };
    let judged = judge(change, &rules);
    let (judgements, used) = (&judged.gates, judged.budget);
    let mut findings = Vec::new();
    for judgement in judgements.iter().filter(|j| j.verdict == Verdict::Fail) {
        let hit = |f: &Finding| Hit { gate: judgement.gate.to_owned(), rule: f.rule.clone(), told: f.told() };
        findings.extend(judgement.findings.iter().filter(|f| f.binding).map(hit));
    }
    Seen {
        small: used.files <= SMALL.0 && used.lines <= SMALL.1,
        files: used.files,
        lines: used.lines,
        findings,
        unknown: judgements.iter().any(|j| j.verdict == Verdict::Unknown),
    }
}

/// Every finding, for reading.
fn all(rows: &[Row]) -> Done {
    let mut out = std::io::stdout().lock();
    for row in rows {
        let Seen { files, lines, .. } = row.change;
        let short = row.commit.get(..10).unwrap_or_default();
        writeln!(out, "{} {} {short}: {files} files, {lines} lines", row.label, row.project)?;
        for Hit { gate, rule, told } in &row.change.findings {
            writeln!(out, "    {gate} {rule}: {told}")?;
        }
    }
    Ok(())
}

fn print_tables(rows: &[Row]) {
    let mut halves: Vec<&str> = rows.iter().map(|row| row.half.as_str()).collect();
    halves.dedup();
    halves.sort_unstable();
    halves.dedup();
    for half in halves {
        let of_half: Vec<&Row> = rows.iter().filter(|row| row.half == half).collect();
        let projects: std::collections::BTreeSet<&str> =
            of_half.iter().map(|row| row.project.as_str()).collect();
        println!("\n{half}: {} commits of {} projects", of_half.len(), projects.len());
        table(&of_half);
        sizes(&of_half);
    }
}

/// For each gate, the share of commits of each kind that it holds up.
fn table(rows: &[&Row]) {
    type Kind = (&'static str, fn(&Row) -> bool);
    let kinds: [Kind; 4] = [
        ("small fix", |row| row.label == "fix" && row.change.small),
        ("fix", |row| row.label == "fix"),
        ("feat", |row| row.label == "feat"),
        ("refactor", |row| row.label == "refactor"),
    ];
    let heads: Vec<String> = kinds
        .iter()
        .map(|(name, is)| format!("{name} ({})", rows.iter().filter(|row| is(row)).count()))
        .collect();
    println!("| held up by | {} |\n| --- | {} |", heads.join(" | "), ["---"; 4].join(" | "));
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for row in rows {
        rules.extend(row.change.findings.iter().map(rule));
    }
    let line = |name: &str, hit: &dyn Fn(&Row) -> bool| {
        let shares: Vec<String> = kinds
            .iter()
            .map(|(_, is)| {
                let of_kind: Vec<&&Row> = rows.iter().filter(|row| is(row)).collect();
                let hits = of_kind.iter().filter(|row| hit(row)).count();
                format!("{hits} ({:.0} %)", 100.0 * count(hits) / count(of_kind.len().max(1)))
            })
            .collect();
        println!("| {name} | {} |", shares.join(" | "));
    };
    line("**any gate**", &|row| !row.change.findings.is_empty());
    for gate in ["change.size", "change.scope", "change.shape", "change.secrets"] {
        line(&format!("`{gate}`"), &|row| row.change.findings.iter().any(|f| f.gate == gate));
    }
    for name in &rules {
        line(&format!("… {name}"), &|row| row.change.findings.iter().any(|f| rule(f) == *name));
    }
    let unknown = rows.iter().filter(|row| row.change.unknown).count();
    if unknown > 0 {
        println!("{unknown} commits could not be read whole");
    }
}

/// A finding's kind, for counting.
fn rule(hit: &Hit) -> String {
    format!("{}: {}", hit.gate.trim_start_matches("change."), hit.rule)
}

/// How large fixes are, for choosing the budget.
fn sizes(rows: &[&Row]) {
    for label in ["fix", "feat", "refactor"] {
        let of = |value: fn(&Seen) -> u32| {
            let mut all: Vec<u32> =
                rows.iter().filter(|r| r.label == label).map(|r| value(&r.change)).collect();
            all.sort_unstable();
            let at =
                |percent: usize| all.get((all.len().saturating_sub(1)) * percent / 100).copied().unwrap_or(0);
            format!("{} / {} / {} / {} / {}", at(25), at(50), at(75), at(90), at(95))
        };
        println!(
            "{label}: files {} and lines {} (percentiles 25, 50, 75, 90, 95)",
            of(|s| s.files),
            of(|s| s.lines)
        );
    }
}

/// A count as a number to divide by.
fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
