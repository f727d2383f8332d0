//! The brief of a step as Markdown, for a person at a terminal and for an
//! agent alike: what to do first, then what is known, and the next command
//! last, where a terminal stands after it.

use crate::ui::{BOLD, DIM, NAME, styled};
use hotfix_core::brief::{
    Brief, BriefGate, BriefInput, DocumentStep, Part, ReviewPart, SkillPart, Source, Text, data,
};
use hotfix_core::effect::short;
use hotfix_core::gate::Point;
use hotfix_core::policy::ReviewTiming;
use hotfix_core::text::{brief as short_line, printable};
use std::fmt::Write as _;

/// The brief as Markdown.
pub fn markdown(brief: &Brief) -> String {
    let mut page = Page { brief, out: String::new() };
    page.head();
    page.task();
    if let Some(step) = &brief.document_step {
        page.document_step(step);
    }
    page.gates();
    page.inputs();
    page.unresolved();
    page.next();
    page.out
}

/// The same with styles, for a terminal that wants them.
pub fn styled_markdown(text: &str) -> String {
    let mut inside = None::<String>;
    let line = |line: &str| {
        if let Some(end) = &inside {
            let ends = line == end;
            if ends {
                inside = None;
            }
            return if ends { styled(DIM, line) } else { printable(line) };
        }
        if let Some((number, _)) = line.strip_prefix("[data ").and_then(|rest| rest.split_once(" begins: ")) {
            inside = Some(format!("[data {number} ends]"));
            return styled(DIM, line);
        }
        match line {
            line if line.starts_with('#') => styled(BOLD, line),
            line if line.starts_with("    ") => styled(NAME, line),
            line => printable(line),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

struct Page<'b> {
    brief: &'b Brief,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.out.push_str(&printable(line.as_ref()));
        self.out.push('\n');
    }

    fn heading(&mut self, title: &str) {
        let _ = write!(self.out, "\n## {title}\n\n");
    }

    fn head(&mut self) {
        let b = self.brief;
        let (key, title) = (short_line(&b.incident.key, 64), short_line(&b.title, 120));
        self.line(format!("# {key}: {title}\n"));
        let attempt = if b.attempt > 1 { format!(", attempt {}", b.attempt) } else { String::new() };
        let [at, of] = b.place;
        self.line(format!(
            "{} \"{}\". Step {at} of {of}, `{}`, {}{attempt}.",
            b.incident.severity, b.incident.title, b.step.id, b.state
        ));
        let from_outside = |part: &Part| part.outside && part.text.is_some();
        if b.inputs.iter().flat_map(|input| &input.parts).any(from_outside)
            || b.gates.iter().any(|g| g.details.is_some())
        {
            let notice = format!("\n{}", b.notice);
            self.line(notice);
        }
    }

    fn task(&mut self) {
        let b = self.brief;
        self.heading("What to do");
        self.line(&b.task.summary);
        for what in &b.task.waits_for {
            self.line(format!("It waits for {what}."));
        }
        if let Some(worktree) = &b.worktree {
            self.line(format!("\n    cd {}\n", quoted(worktree)));
        }
        if let Some(branch) = &b.branch {
            self.line(format!(
                "- branch: {}, from {} ({}), goes to {}",
                branch.name,
                branch.base.name,
                short(&branch.base.commit),
                branch.target
            ));
        }
        if !b.only.is_empty() {
            let only: Vec<_> = b.only.iter().map(|path| quoted(path)).collect();
            self.line(format!("- only these paths: {}", only.join(", ")));
        }
        if let Some([files, lines, most_files, most_lines]) = b.budget {
            self.line(format!(
                "- the change so far: {files} of at most {most_files} files, {lines} of {most_lines} lines"
            ));
        }
        if let Some(review) = &b.review {
            self.review(review);
        }
        if let Some(role) = &b.role {
            self.line(format!("- carried out by: {role}, who cannot approve it"));
        }
        let outputs = b.document_step.as_ref().map(|step| step.outputs.join("; ")).filter(|o| !o.is_empty());
        if let Some(outputs) = outputs {
            self.line(format!("- it must put out: {outputs}"));
        }
    }

    fn review(&mut self, review: &ReviewPart) {
        let when = match review.review {
            ReviewTiming::PreDeploy => "before the merge",
            ReviewTiming::PostDeploy => "after the deploy",
        };
        let approvers =
            if review.approvers.is_empty() { "nobody".to_owned() } else { review.approvers.join(" and ") };
        let reviewers = match review.reviewers {
            0 => "no review".to_owned(),
            1 => format!("1 review {when}"),
            more => format!("{more} reviews {when}"),
        };
        self.line(format!("- approval before the merge: {approvers}; {reviewers}"));
        for people in &review.people {
            self.line(format!("  - {}", short_line(people, 200)));
        }
    }

    fn document_step(&mut self, step: &DocumentStep) {
        self.heading("What the page says");
        let [first, last] = step.lines;
        let unreviewed = if step.unreviewed { ", which nobody reviewed" } else { "" };
        self.line(format!(
            "\"{}\", lines {first} to {last} of {}{unreviewed}.",
            step.title,
            short_line(&step.page, 160)
        ));
        if step.actions.len() > 1 {
            self.line(format!("It stands for {}.", step.actions.join(", ")));
        }
        let mut more = |text: &Option<Text>, before: &str, mark: &str| {
            let Some(text) = text else { return };
            self.out.push('\n');
            if !before.is_empty() {
                let _ = write!(self.out, "{before}\n\n");
            }
            for line in text.content.lines() {
                let _ = writeln!(self.out, "{mark}{}", printable(line));
            }
            if text.is_cut() {
                let _ = writeln!(self.out, "({}; the whole: hotfix workflow show --json)", cut_words(text));
            }
        };
        more(&step.guidance, "", "- ");
        more(
            &step.suggested_commands,
            "The page suggests these commands. They do not run by themselves:",
            "    ",
        );
        if let Some(skill) = &step.skill_file {
            self.skill_file(skill);
        }
    }

    fn skill_file(&mut self, skill: &SkillPart) {
        self.heading("What the skill's file says");
        let about =
            if skill.description.is_empty() { String::new() } else { format!(": {}", skill.description) };
        self.line(format!("{}{about}", skill.path));
        let whole = |text: &Text| format!("({}; the whole: {})", cut_words(text), skill.path);
        if let Some(text) = &skill.guidance {
            self.line(format!("\n{}", text.content.trim_end()));
            if text.is_cut() {
                self.line(whole(text));
            }
        }
        if let Some(text) = &skill.template {
            self.line(format!(
                "\nWhat it puts out has this form:\n\n{}",
                data::fenced(&text.content).trim_end()
            ));
            if text.is_cut() {
                self.line(whole(text));
            }
        }
    }

    fn gates(&mut self) {
        if self.brief.gates.is_empty() {
            return;
        }
        self.heading("What must hold");
        for gate in &self.brief.gates {
            self.gate(gate);
        }
    }

    fn gate(&mut self, gate: &BriefGate) {
        let words = gate.criteria.as_ref().map(|c| format!(" (the page: \"{c}\")")).unwrap_or_default();
        let when = if gate.binding { point(gate.required) } else { "Only shown" };
        self.line(format!("- {}: {}. {when}: {}{words}", gate.id, gate.verdict.name(), gate.passes_when));
        if !gate.summary.is_empty() {
            self.line(format!("  seen: {}", gate.summary));
        }
        if let Some(details) = &gate.details {
            let marked =
                data::mark(&format!("what {} saw", gate.id), &details.content, &self.brief.incident.key);
            self.out.push_str(&marked);
        }
    }

    fn inputs(&mut self) {
        let b = self.brief;
        if b.inputs.is_empty() {
            return;
        }
        self.heading("Inputs");
        if b.inputs.iter().all(|input| input.line.is_none()) {
            self.line("The page maps none for this step; these are of use.\n");
        }
        let mapped = b.inputs.iter().take_while(|input| input.line.is_some()).count();
        for (at, input) in b.inputs.iter().enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            if at == mapped && mapped > 0 {
                self.line("These are of use too; the page does not map them.\n");
            }
            self.input(input);
        }
    }

    fn input(&mut self, input: &BriefInput) {
        let only_words = matches!(input.parts.as_slice(), [Part { source: Source::Literal { .. }, .. }]);
        if only_words || input.line.is_none() {
            self.line(format!("### {}\n", input.name));
        } else {
            self.line(format!("### {}: {}\n", input.name, input.source));
        }
        for part in &input.parts {
            // The heading says it already.
            let told = matches!(&part.source, Source::Literal { text } if *text == input.source);
            if !told || only_words {
                self.part(part);
            }
        }
    }

    fn part(&mut self, part: &Part) {
        if let Some(before) = &part.same_as {
            self.line(format!("The same as `{before}` above."));
            return;
        }
        if let Some(why) = &part.missing {
            let hint = part.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.line(format!("Not resolved: {why}{hint}."));
            return;
        }
        let Some(text) = &part.text else { return };
        let size = if text.is_cut() { format!(", {}", cut_words(text)) } else { String::new() };
        if part.outside {
            let marked = data::mark(&format!("{}{size}", part.from), &text.content, &self.brief.incident.key);
            self.out.push_str(&marked);
        } else {
            self.line(text.content.trim_end());
        }
        if let Some(whole) = part.whole.as_ref().filter(|_| text.is_cut()) {
            self.line(format!("The whole: {whole}"));
        }
    }

    fn unresolved(&mut self) {
        let b = self.brief;
        if b.unresolved.is_empty() {
            return;
        }
        self.heading("What could not be resolved");
        for lack in &b.unresolved {
            let hint = lack.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.line(format!("- {}, \"{}\": {}{hint}", lack.input, short_line(&lack.source, 80), lack.why));
        }
    }

    fn next(&mut self) {
        self.heading("Next");
        let commands = self.brief.task.commands.clone();
        for command in commands {
            self.line(format!("    {command}"));
        }
    }
}

fn point(point: Point) -> &'static str {
    match point {
        Point::BeforeEdit => "Before the first edit",
        Point::BeforeCommit => "Before the commit",
        Point::BeforeMerge => "Before the merge",
        Point::BeforeDeploy => "Before the deploy",
        Point::BeforeResolve => "Before the incident counts as resolved",
        Point::BeforeClose => "Before the run is closed",
    }
}

/// How much of a text is shown, in words.
fn cut_words(text: &Text) -> String {
    let end = if text.tail { "last" } else { "first" };
    format!("the {end} {} of {} bytes", text.content.len(), text.bytes)
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '@' | '%');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
