//! `hotfix verify --fix-style`: the checkers' own formatters run on a copy,
//! and of what they change only the hunks that touch a changed line are taken
//! over into the worktree. The rest of a file is never touched.

use super::super::proof::{self, Side};
use super::super::{Cx, Verdict};
use super::Scene;
use super::checker::Checker;
use crate::engine::Stop;
use crate::error::Failure;
use hotfix_core::finding::counted;
use hotfix_core::style::adopt::{adopt, fresh_lines};
use std::collections::BTreeMap;
use std::path::Path;

/// What was taken over.
#[derive(Debug, Default)]
pub struct Mended {
    /// Files that changed, with how many hunks of each.
    pub files: BTreeMap<String, usize>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Lets every formatter mend the changed lines.
pub fn run(cx: &Cx<'_>) -> Result<Mended, Stop> {
    let mut out = Mended::default();
    if cx.verdict("style.clean") == Verdict::NotApplicable {
        out.notes.push("no style checker is configured".to_owned());
        return Ok(out);
    }
    let scene = Scene::look(cx)?;
    // The texts as they are mended so far.
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for style in cx.t.config.verify.style.clone() {
        let checker = Checker::new(cx, &scene, &style);
        let files = checker.files();
        match checker.mending() {
            None => out.notes.push(format!("`{}` cannot mend what it finds", style.shown())),
            Some(_) if files.is_empty() => {}
            Some(words) => {
                one(cx, &Job { scene: &scene, checker: &checker, words, files }, &mut texts, &mut out)?
            }
        }
    }
    write(cx, &scene, &texts, &mut out)?;
    Ok(out)
}

/// One formatter, with the files that it is for.
struct Job<'j, 'a, 'c> {
    scene: &'j Scene,
    checker: &'j Checker<'a, 'c>,
    words: Vec<String>,
    files: Vec<String>,
}

fn one(
    cx: &Cx<'_>,
    job: &Job<'_, '_, '_>,
    texts: &mut BTreeMap<String, String>,
    out: &mut Mended,
) -> Result<(), Stop> {
    let place = proof::prepare_tree(cx, Side::Fix)?;
    for (path, text) in texts.iter() {
        std::fs::write(place.path.join(path), text)?;
    }
    let command = job.checker.command(&job.words, &job.files)?;
    let ran = proof::run(cx, &place, &command, "formatting a copy")?;
    if proof::judge(&ran) == proof::Result3::Unclear {
        out.notes.push(format!("`{}` {}", job.words.join(" "), ran.finished.told()));
        return Ok(());
    }
    for path in &job.scene.files {
        let Some((before, now)) = job.scene.texts(path) else { continue };
        let current = texts.get(path).map_or(now, String::as_str);
        let Ok(formatted) = std::fs::read_to_string(place.path.join(path)) else { continue };
        if formatted == current {
            continue;
        }
        match adopt(path, current, &formatted, &fresh_lines(before, current)) {
            Ok(adopted) if adopted.taken > 0 => {
                *out.files.entry(path.clone()).or_insert(0) += adopted.taken;
                texts.insert(path.clone(), adopted.text);
            }
            Ok(_) => {}
            Err(e) => out.notes.push(format!("{path}: {e}; it is left as it is")),
        }
    }
    Ok(())
}

/// Puts the mended texts into the worktree, where nobody has edited meanwhile.
fn write(cx: &Cx<'_>, scene: &Scene, texts: &BTreeMap<String, String>, out: &mut Mended) -> Result<(), Stop> {
    let worktree = Path::new(&cx.attempt()?.worktree).canonicalize()?;
    for (path, text) in texts {
        let file = worktree.join(path);
        let plain = std::fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
        // A folder may have become a link to elsewhere.
        let inside =
            file.parent().and_then(|p| p.canonicalize().ok()).is_some_and(|p| p.starts_with(&worktree));
        let same = std::fs::read_to_string(&file)
            .is_ok_and(|now| scene.texts(path).is_some_and(|(_, was)| now == was));
        if !(plain && inside && same) {
            out.files.remove(path);
            out.notes.push(format!("{path} has changed meanwhile: it is left as it is"));
            continue;
        }
        // Written in place: the file keeps its mode, and an editor its hold of it.
        std::fs::write(&file, text).map_err(|e| {
            Failure::failed("HF0407", format!("{} cannot be written: {e}", file.display()))
                .try_this("see who may write there", format!("ls -l {}", file.display()))
        })?;
    }
    Ok(())
}

/// What was mended, in words.
pub fn told(mended: &Mended) -> Vec<String> {
    let mut out: Vec<String> = mended
        .files
        .iter()
        .map(|(path, hunks)| format!("{path}: {} mended", counted(*hunks, "place")))
        .collect();
    if out.is_empty() {
        out.push("nothing to mend on the changed lines".to_owned());
    }
    out.extend(mended.notes.iter().cloned());
    out
}
