//! One checker: how it is run on both sides, and what its answers mean.

use super::super::proof::{self, ProofTree, Result3, Side};
use super::super::tools::Ran;
use super::super::{Cx, Says, Verdict, says};
use super::Scene;
use crate::engine::Stop;
use crate::git::{Git, tree};
use crate::settings::{Trust, TrustedCommand};
use hotfix_core::change::matching;
use hotfix_core::config::{Command, FilesGiven, StyleCommand};
use hotfix_core::finding::{Finding, Hint, counted};
use hotfix_core::journal::Evidence;
use hotfix_core::style::compare::{Sides, Texts, compare, is_on_changed_line};
use hotfix_core::style::tool::{self, Asked, Tool};
use hotfix_core::style::{Format, Level, Remark};
use std::path::Path;

/// A checker at work.
pub struct Checker<'a, 'c> {
    cx: &'a Cx<'c>,
    scene: &'a Scene,
    style: &'a StyleCommand,
    tool: Option<&'static Tool>,
    asked: Asked,
}

/// What a checker said of a side.
struct Heard {
    /// None where the side has no file to look at.
    ran: Option<Ran>,
    /// Its remarks; or why it could not check.
    remarks: Result<Vec<Remark>, String>,
}

impl Heard {
    fn failed(&self) -> bool {
        self.remarks.is_err() || self.ran.as_ref().is_some_and(|ran| !ran.finished.succeeded())
    }

    fn evidence(&self) -> Vec<Evidence> {
        self.ran.iter().map(|ran| ran.evidence.clone()).collect()
    }
}

impl<'a, 'c> Checker<'a, 'c> {
    /// The checker of a line of the config.
    pub fn new(cx: &'a Cx<'c>, scene: &'a Scene, style: &'a StyleCommand) -> Checker<'a, 'c> {
        let command = style.command();
        let told = style.told().and_then(|told| told.format);
        // Whoever says what it prints has asked for it.
        let asked = match told {
            Some(format) => Asked { words: command.argv(), format: Some(format) },
            None => tool::asked(command),
        };
        Checker { cx, scene, style, tool: tool::of(command), asked }
    }

    /// The changed files that it looks at.
    pub fn files(&self) -> Vec<String> {
        let told = self.style.told().map(|told| told.paths.clone()).unwrap_or_default();
        let paths = match (told.is_empty(), self.tool) {
            (true, Some(tool)) => tool.paths.iter().map(|path| (*path).to_owned()).collect(),
            _ => told,
        };
        matching(&paths, &self.scene.files)
    }

    /// Whether the changed files are its arguments.
    pub fn takes_files(&self) -> bool {
        match self.style.told().and_then(|told| told.files) {
            Some(given) => given == FilesGiven::Append,
            None => self.tool.is_none_or(|tool| tool.takes_files),
        }
    }

    /// What it says of the change.
    pub fn answer(&self) -> Result<Says, Stop> {
        let files = self.files();
        let shown = self.style.shown();
        if files.is_empty() {
            return Ok(says(Verdict::Pass, format!("`{shown}` looks at none of them")));
        }
        let fix = self.hear(Side::Fix, &files)?;
        let remarks = match &fix.remarks {
            Err(reason) => {
                return Ok(says(Verdict::Unknown, format!("`{shown}` {reason}")).evidence(fix.evidence()));
            }
            Ok(remarks) => remarks,
        };
        if remarks.is_empty() && !fix.failed() {
            return Ok(says(Verdict::Pass, format!("`{shown}` has none")).evidence(fix.evidence()));
        }
        let before: Vec<String> =
            files.iter().filter_map(|file| self.scene.before(file)).map(str::to_owned).collect();
        let base = self.hear(Side::Base, &before)?;
        let evidence = [fix.evidence(), base.evidence()].concat();
        Ok(self.compared(&base, &fix, remarks).evidence(evidence))
    }

    fn compared(&self, base: &Heard, fix: &Heard, remarks: &[Remark]) -> Says {
        let shown = self.style.shown();
        if remarks.is_empty() {
            return silent(&shown, base, fix);
        }
        let known = match &base.remarks {
            Ok(known) => known,
            // What stands on a changed line is the change's, whatever the base has.
            Err(reason) => {
                let own: Vec<Remark> = remarks
                    .iter()
                    .filter(|remark| is_on_changed_line(remark, &self.scene.change))
                    .cloned()
                    .collect();
                if own.is_empty() {
                    return says(Verdict::Unknown, format!("`{shown}` on the base: it {reason}"));
                }
                return self.failing(&own, "the base could not be checked");
            }
        };
        let (old, new) = (texts(&self.scene.change, true), texts(&self.scene.change, false));
        let out = compare(known, remarks, Sides { change: &self.scene.change, base: &old, fix: &new });
        let there = match out.known {
            0 => String::new(),
            n => format!(", {n} the base has as well"),
        };
        if out.added.is_empty() {
            return says(Verdict::Pass, format!("`{shown}` has none{there}"));
        }
        self.failing(&out.added, there.trim_start_matches(", "))
    }

    fn failing(&self, added: &[Remark], besides: &str) -> Says {
        let besides = if besides.is_empty() { String::new() } else { format!(" ({besides})") };
        let summary = format!("`{}`: {} added{besides}", self.style.shown(), counted(added.len(), "finding"));
        says(Verdict::Fail, summary).findings(added.iter().map(|remark| self.finding(remark)).collect())
    }

    fn finding(&self, remark: &Remark) -> Finding {
        let mut hints = Vec::new();
        if self.mending().is_some() {
            hints.push(Hint::run("mend the changed lines, and only those", "hotfix verify --fix-style"));
        }
        hints.push(Hint::run("or let it pass under your name", "hotfix waive style.clean --reason \"why\""));
        Finding {
            rule: remark.rule.clone(),
            file: remark.file.clone(),
            line: remark.line,
            column: remark.column,
            message: remark.message.clone(),
            binding: true,
            hints,
        }
    }

    /// The command that mends what it finds.
    pub fn mending(&self) -> Option<Vec<String>> {
        match self.style.told().and_then(|told| told.fix.as_ref()) {
            Some(own) => Some(own.argv()),
            None => tool::fixing(self.style.command()),
        }
    }

    /// Runs it on a side, and reads what it says.
    fn hear(&self, side: Side, files: &[String]) -> Result<Heard, Stop> {
        let place = proof::prepare_tree(self.cx, side)?;
        let there: Vec<String> =
            files.iter().filter(|file| place.path.join(file).is_file()).cloned().collect();
        if there.is_empty() && self.takes_files() {
            return Ok(Heard { ran: None, remarks: Ok(Vec::new()) });
        }
        let command = self.command(&self.asked.words, &there)?;
        let what = if side == Side::Fix { "checking the style" } else { "checking the style of the base" };
        let mut ran = proof::run(self.cx, &place, &command, what)?;
        ran.evidence.command = Some(self.style.shown());
        let remarks = self.read(&ran, &place)?;
        Ok(Heard { ran: Some(ran), remarks })
    }

    /// A trusted command's words with the files behind them.
    pub fn command(&self, words: &[String], files: &[String]) -> Result<TrustedCommand, Stop> {
        self.cx.t.trusted(self.style.command())?;
        let mut words = words.to_vec();
        if self.takes_files() {
            let shell =
                matches!(self.style.command(), Command::Shell(_)) && words.first().is_some_and(|w| w == "sh");
            if shell && words.len() == 3 {
                // The files are arguments of the shell, never part of its text.
                words[2] = format!("{} \"$@\"", words[2]);
                words.push("sh".to_owned());
            }
            words.extend(files.iter().map(|f| if f.starts_with('-') { format!("./{f}") } else { f.clone() }));
        }
        Ok(Trust::typed(&words))
    }

    /// Its remarks, or why there are none that one could rely on.
    fn read(&self, ran: &Ran, place: &ProofTree) -> Result<Result<Vec<Remark>, String>, Stop> {
        if proof::judge(ran) == Result3::Unclear {
            return Ok(Err(ran.finished.told()));
        }
        let status = ran.finished.status().unwrap_or_default();
        if self.tool.is_some_and(|tool| tool.broken.contains(&status)) {
            let last = hotfix_core::text::tail(&ran.output, 1);
            return Ok(Err(format!("could not check (exit status {status}): {last}")));
        }
        let root = place.path.canonicalize().unwrap_or_else(|_| place.path.clone());
        let said = match self.said(&ran.output, &root) {
            Ok(said) => said,
            Err(reason) => return Ok(Err(format!("{}, and {reason}", ran.finished.told()))),
        };
        let (format, mut remarks) = said;
        // Text of a checker that is content is for people; what is made for
        // programs counts, but for mere notes.
        remarks.retain(|remark| remark.level > Level::Note || remark.rule == "syntax");
        if status == 0 && !format.is_for_programs() && format != Format::Diff {
            remarks.clear();
        }
        // Places outside of the tree (a dependency, a sentence with a colon) are no places.
        remarks.retain(|remark| remark.file.is_empty() || is_inside(&root, &remark.file));
        remarks.extend(self.changed_by_it(place)?);
        Ok(Ok(remarks))
    }

    fn said(&self, output: &str, root: &Path) -> Result<(Format, Vec<Remark>), String> {
        let root = root.to_string_lossy();
        let told = self.style.told().is_some_and(|told| told.format.is_some());
        match hotfix_core::style::read(self.asked.format, output, &root) {
            Ok(said) => Ok((said.format, said.remarks)),
            // A known checker that says what is wrong with its arguments says it as text.
            Err(e) if told => Err(e.to_string()),
            Err(e) => match hotfix_core::style::read(None, output, &root) {
                Ok(said) if !said.remarks.is_empty() => Ok((said.format, said.remarks)),
                _ => Err(e.to_string()),
            },
        }
    }

    /// What it changed in the tree instead of saying it: a hook that mends,
    /// a formatter. The next run begins with a clean tree.
    fn changed_by_it(&self, place: &ProofTree) -> Result<Vec<Remark>, Stop> {
        let diff = tree::diff_of_files(&Git::at(&place.path))?;
        let said = hotfix_core::style::read(Some(Format::Diff), &diff, "");
        Ok(said.map(|said| said.remarks).unwrap_or_default())
    }
}

/// It failed and named no place.
fn silent(shown: &str, base: &Heard, fix: &Heard) -> Says {
    let (output, how) =
        fix.ran.as_ref().map(|ran| (ran.output.as_str(), ran.finished.told())).unwrap_or_default();
    let last = hotfix_core::text::tail(output, 8).lines().map(str::to_owned).collect();
    if base.failed() {
        says(Verdict::Unknown, format!("`{shown}` fails on the base as well, and names no place"))
            .details(last)
    } else {
        says(Verdict::Fail, format!("`{shown}` {how} on the fix, not on the base")).details(last)
    }
}

fn is_inside(root: &Path, file: &str) -> bool {
    !Path::new(file).is_absolute() && !file.split('/').any(|part| part == "..") && root.join(file).is_file()
}

/// The texts of a side's files.
fn texts(change: &hotfix_core::change::Change, before: bool) -> Texts {
    let of = |file: &hotfix_core::change::FileChange| {
        let path = if before { file.old_path.as_ref().unwrap_or(&file.path) } else { &file.path };
        let text = if before { &file.texts.before } else { &file.texts.after };
        Some((path.clone(), text.clone()?))
    };
    change.files.iter().filter_map(of).collect()
}
