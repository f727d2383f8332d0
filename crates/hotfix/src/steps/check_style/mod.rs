//! Check the style: the project's own checkers on the changed files, in a
//! tree of their own. What the base has as well is set aside; only findings
//! that the change added count. A checker that could not check passes nothing.

mod checker;
pub mod mend;

use super::proof::{self, Side};
use super::{Cx, Ended, Says, Verdict, says};
use crate::engine::Stop;
use crate::git;
use checker::Checker;
use hotfix_core::change::{Change, Status};

/// The gate `style.clean`.
pub fn run(cx: &mut Cx<'_>) -> Result<Ended, Stop> {
    if cx.verdict("style.clean") == Verdict::NotApplicable {
        return Ok(Ended::Skipped("no style checker is configured".to_owned()));
    }
    if cx.verdict("style.clean") == Verdict::Pass {
        return Ok(Ended::Passed);
    }
    let scene = Scene::look(cx)?;
    let mut answers = Vec::new();
    for style in cx.t.config.verify.style.clone() {
        answers.push(Checker::new(cx, &scene, &style).answer()?);
    }
    cx.gate("style.clean", together(answers, scene.files.len()))?;
    Ok(Ended::Passed)
}

/// What is checked: the change, and its files that are there.
pub struct Scene {
    change: Change,
    /// The files that the change adds or alters, by their path now.
    files: Vec<String>,
}

impl Scene {
    fn look(cx: &Cx<'_>) -> Result<Scene, Stop> {
        let attempt = cx.attempt()?;
        let fix = proof::prepare_tree(cx, Side::Fix)?;
        let change = git::change::read_whole(cx.t.git(), &attempt.base, &fix.tree)?;
        let there = change.files.iter().filter(|file| file.status != Status::Deleted);
        let mut files: Vec<String> =
            there.map(|file| file.path.clone()).filter(|path| fix.path.join(path).is_file()).collect();
        files.sort();
        files.dedup();
        Ok(Scene { change, files })
    }

    /// A file's path on the base; none where it was not there.
    fn before(&self, path: &str) -> Option<&str> {
        match self.change.files.iter().find(|file| file.path == path) {
            Some(file) if file.status == Status::Added => None,
            Some(file) => Some(file.old_path.as_deref().unwrap_or(&file.path)),
            None => None,
        }
    }
}

impl Scene {
    /// A file's text on the base, and as it is now.
    fn texts(&self, path: &str) -> Option<(Option<&str>, &str)> {
        let file = self.change.files.iter().find(|file| file.path == path)?;
        Some((file.texts.before.as_deref(), file.texts.after.as_deref()?))
    }
}

/// All checkers' answers as one: the worst decides, and each is told.
fn together(answers: Vec<Says>, files: usize) -> Says {
    let rank = |verdict: Verdict| match verdict {
        Verdict::Fail => 2,
        Verdict::Pass => 0,
        _ => 1,
    };
    let verdict =
        answers.iter().map(|answer| answer.verdict).max_by_key(|v| rank(*v)).unwrap_or(Verdict::Pass);
    let of_worst: Vec<&str> = answers
        .iter()
        .filter(|answer| answer.verdict == verdict)
        .map(|answer| answer.summary.as_str())
        .collect();
    let summary = if verdict == Verdict::Pass {
        let files = hotfix_core::finding::counted(files, "file");
        format!("no finding was added in {files}: {}", of_worst.join("; "))
    } else {
        of_worst.join("; ")
    };
    let mut out = says(verdict, summary);
    let mut findings = Vec::new();
    for answer in answers {
        out.details.extend(answer.details);
        out.evidence.extend(answer.evidence);
        findings.extend(answer.findings);
    }
    out.findings(findings)
}
