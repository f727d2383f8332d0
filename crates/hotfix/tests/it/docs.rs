//! What the documentation says must be there.

use clap::CommandFactory as _;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The repository's top.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// The pages that people read: those at the top and everything under docs/.
fn pages() -> Vec<PathBuf> {
    let at_top = std::fs::read_dir(top()).unwrap().map(|e| e.unwrap().path());
    let mut pages: Vec<_> = at_top.filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    pages.extend(files(&top().join("docs"), "md"));
    pages
}

/// The codes in a text: `HF` and four digits.
fn codes(text: &str) -> BTreeSet<String> {
    let digits = |code: &str| code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit());
    text.match_indices("HF")
        .filter_map(|(i, _)| text.get(i + 2..i + 6).filter(|c| digits(c)))
        .map(|c| format!("HF{c}"))
        .collect()
}

/// What stands in a text's backticks: code spans and the lines of blocks.
fn code_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            block = !block;
        } else if block {
            found.push(line.to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut in_sources = BTreeSet::new();
    for file in files(&top().join("crates"), "rs") {
        in_sources.extend(codes(&std::fs::read_to_string(file).unwrap()));
    }
    let mut with_page = BTreeSet::new();
    for page in files(&top().join("docs/errors"), "md") {
        let code = page.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with(&format!("# {code}: ")), "{code}: its heading");
        for part in ["\n**Why:** ", "\n**What to do:** "] {
            assert_eq!(text.matches(part).count(), 1, "{code}: {part}");
        }
        with_page.insert(code);
    }
    let missing: Vec<_> = in_sources.difference(&with_page).collect();
    let dead: Vec<_> = with_page.difference(&in_sources).collect();
    assert!(missing.is_empty() && dead.is_empty(), "without a page: {missing:?}; without a source: {dead:?}");
}

#[test]
fn paths_in_the_pages_exist() {
    // What starts like this lies in somebody's own repository.
    let elsewhere = [".hotfix/", ".git/", "refs/", "target/", "hotfix/<KEY>", "../", "http"];
    let roots = ["", "crates/hotfix/src/", "crates/core/src/", "crates/hotfix/tests/it/"];
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let of = page.parent().unwrap();
        // The links of an example's page lead from where it would stand.
        let own = without_fences(&text);
        for link in own.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !link.contains("://") {
                assert!(of.join(path).exists(), "{}: the link {link} leads nowhere", page.display());
            }
        }
        let named = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].iter().any(|n| page.ends_with(n));
        for span in code_of(&text).iter().filter(|_| named) {
            let whole = !span.contains(char::is_whitespace) && !span.contains(['$', '<', '{', '*', '=', ':']);
            let is_path = whole && span.contains('/') && !elsewhere.iter().any(|e| span.starts_with(e));
            if is_path {
                let there = roots.iter().any(|root| top().join(root).join(span).exists());
                assert!(there, "{}: there is no {span}", page.display());
            }
        }
    }
}

/// A page without what stands in its fences.
fn without_fences(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut own = String::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let ticks = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
        match fence {
            Some(open) if trimmed.trim_end() == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                own.push_str(line);
                own.push('\n');
            }
        }
    }
    own
}

#[test]
fn pages_name_no_verb_that_is_not_there() {
    let cli = hotfix::args::Cli::command();
    for page in pages() {
        // What is planned or was removed may be named where history is told.
        if page.ends_with("CHANGELOG.md") {
            continue;
        }
        for code in code_of(&std::fs::read_to_string(&page).unwrap()) {
            for call in code.split(['|', ';', '&']).map(str::trim) {
                check_call(&cli, call, &page);
            }
        }
    }
}

#[test]
fn hints_name_no_verb_that_is_not_there() {
    let cli = hotfix::args::Cli::command();
    for file in files(&top().join("crates"), "rs") {
        // Made-up data, not hints.
        if file.ends_with("report/fixture.rs") || file.components().any(|c| c.as_os_str() == "tests") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("\"hotfix ") {
            let call = text[at + 1..].split('"').next().unwrap_or_default();
            let verb = call.split_whitespace().nth(1).unwrap_or_default();
            if verb.chars().all(|c| c.is_ascii_lowercase()) {
                check_call(&cli, &format!("hotfix {verb}"), &file);
            }
        }
    }
}

/// Checks `hotfix verb --option …` against the command line itself.
fn check_call(cli: &clap::Command, call: &str, page: &Path) {
    let call =
        call.strip_prefix("cargo run --release -- ").map_or(call.to_owned(), |c| format!("hotfix {c}"));
    let mut words = call.split_whitespace();
    if words.next() != Some("hotfix") {
        return;
    }
    let mut verb = cli;
    let mut known: Vec<&clap::Arg> = cli.get_arguments().collect();
    for word in words {
        if word == "--" || word == "#" {
            break;
        }
        let name = word.trim_matches(['[', ']', '…']).split('=').next().unwrap_or_default();
        if let Some(long) = name.strip_prefix("--") {
            let there =
                known.iter().any(|a| a.get_long() == Some(long)) || ["help", "version"].contains(&long);
            assert!(there, "{}: `{call}` has an option --{long} that is not there", page.display());
        } else if let Some(sub) = verb.find_subcommand(name) {
            verb = sub;
            known.extend(sub.get_arguments());
        } else {
            let is_verb = name.starts_with(|c: char| c.is_ascii_lowercase());
            let wanted = std::ptr::eq(verb, cli) && is_verb;
            assert!(!wanted, "{}: `{call}` names the verb {name}, which is not there", page.display());
        }
    }
}

/// The blocks of one language in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(top().join(page)).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn what_the_pages_show_can_be_read() {
    for block in blocks("docs/connectors.md", "toml") {
        hotfix_core::config::parse(&block).unwrap_or_else(|e| panic!("{e}\n{block}"));
    }
    for front_matter in blocks("docs/workflow-format.md", "yaml") {
        let text = format!("{front_matter}\n# Hotfix\n\n## Step 1: Implement\n");
        let page = hotfix_core::workflow::Page { source: "page.md", text: &text };
        let read = hotfix_core::workflow::read(&page);
        let wrong: Vec<_> = read.diagnostics.iter().filter(|d| d.code.starts_with("HF031")).collect();
        assert!(wrong.is_empty() && read.policy.change.max_files == Some(4), "{wrong:?}");
    }
}
