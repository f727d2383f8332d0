//! How well the reader reads real pages: against what a person found on them.
//!
//! `reader/pages` are pages of our own in the shapes and languages that teams
//! use; they are always read. The pages of the corpus are read where they are
//! (`HOTFIX_SHARED`, or `../shared` beside the repository).

mod reader {
    pub mod expected;
    pub mod score;
}

use hotfix_core::workflow::{Page, Workflow, read};
use reader::expected::{Expected, pages};
use reader::score::{Score, Share};
use std::path::{Path, PathBuf};

const CORPUS: &str = include_str!("reader/corpus.toml");
const OWN: &str = include_str!("reader/pages.toml");

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test reads its pages")]
fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder by the beginnings of their names.
fn files(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut found: Vec<_> = std::fs::read_dir(folder).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
    found.sort();
    Some(found)
}

fn shared() -> PathBuf {
    let told = std::env::var_os("HOTFIX_SHARED").map(PathBuf::from);
    told.unwrap_or_else(|| here().join("../../../shared"))
}

fn page(name: &str, text: &str) -> Workflow {
    read(&Page { source: name, text })
}

/// Reads each page and adds up how it did; what was missed is printed.
fn scored(expected: &[Expected], files: &[PathBuf]) -> Score {
    let mut sum = Score::default();
    for expected in expected {
        let path = files.iter().find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&expected.file))
        });
        let path = path.unwrap_or_else(|| panic!("no page {}", expected.file));
        let score = Score::of(expected, &page(&expected.file, &text_of(path)));
        for line in &score.missed {
            println!("{:<28} {line}", expected.file);
        }
        sum.add(score);
    }
    sum
}

fn report(name: &str, pages: usize, score: &Score) {
    println!("{name}: {pages} pages");
    for (what, share) in
        [("steps, in order", score.steps), ("skills of steps", score.skills), ("gates", score.gates)]
    {
        println!("  {what:<18} precision {:.3}  recall {:.3}", share.precision(), share.recall());
    }
    println!("  steps whose skills are exactly as expected {:.3}", score.exact.recall());
    println!("  gates with the expected id {:.3}", score.gate_ids.recall());
}

fn holds(share: Share, least: f64) -> bool {
    share.precision() >= least && share.recall() >= least
}

#[test]
fn pages_of_our_own() {
    let expected = pages(OWN);
    let files = files(&here().join("tests/reader/pages")).expect("the folder of our own pages");
    assert!(expected.len() >= 12 && expected.len() == files.len(), "{} of {}", expected.len(), files.len());
    let score = scored(&expected, &files);
    report("our own pages", expected.len(), &score);
    assert!(score.missed.is_empty(), "see what was missed above");
}

#[test]
fn pages_of_the_corpus() {
    let Some(files) = files(&shared().join("corpus")) else {
        println!("skipped: no corpus in {}", shared().display());
        return;
    };
    let expected = pages(CORPUS);
    let (held, seen): (Vec<_>, Vec<_>) = expected.into_iter().partition(|page| page.held_out);
    let sum = scored(&seen, &files);
    report("corpus, seen while the rules were written", seen.len(), &sum);
    let held_sum = scored(&held, &files);
    report("corpus, held out", held.len(), &held_sum);
    assert!(holds(sum.steps, 0.97) && holds(sum.skills, 0.92) && holds(sum.gates, 0.9));
}
