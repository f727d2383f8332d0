//! Rules that a page takes over: which section a link names, and what of it
//! holds. It refuses to overrule the page; what the page overrules is told.

use super::follow::Link;
use super::parse::{self, Content, Document};
use super::policy_rules::Rules;
use super::reader::Reader;
use super::{Level, Place, Workflow};
use crate::policy::{BaseKind, Criterion, Policy};
use crate::text::slug;
use serde_json::Value;

/// The links of a document's `Inherits:` lines.
pub(crate) fn links(doc: &Document) -> Vec<Link> {
    let mut found = Vec::new();
    let mut targets = doc.links.iter().peekable();
    for block in doc.sections.iter().flat_map(|section| &section.blocks) {
        let (Content::Paragraph(lines) | Content::Quote(lines)) = &block.content else { continue };
        for line in lines {
            let label = line.label.as_deref().unwrap_or(&line.text).to_lowercase();
            if !label.starts_with("inherits") {
                continue;
            }
            while targets.next_if(|(no, _)| *no < line.no).is_some() {}
            while let Some((no, target)) = targets.next_if(|(no, _)| *no == line.no) {
                found.push(Link { line: *no, target: target.clone() });
            }
        }
    }
    found
}

/// A part of a file, with its lines' numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its heading, unless it is the whole file.
    pub title: Option<String>,
    /// The number of its first line, from 1.
    pub first: u32,
    pub text: String,
}

/// The anchor that forges give a heading: lower case, hyphens for spaces, no
/// other marks.
fn anchor_of(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The section of a file that an anchor names; the whole file without one.
pub(crate) fn section(text: &str, anchor: Option<&str>) -> Option<Section> {
    let (_, body, first) = super::front_matter::split(text);
    let Some(anchor) = anchor else {
        return Some(Section { title: None, first, text: body.to_owned() });
    };
    let doc = parse::document(body, first);
    let named = |title: &str| anchor_of(title) == anchor.to_lowercase() || slug(title) == slug(anchor);
    let at = doc.sections.iter().position(|section| section.level > 0 && named(&section.title))?;
    let section = doc.sections.get(at)?;
    let last = doc.last_line_before(doc.end_of(at));
    let lines = doc.raw.iter().filter(|(no, _)| (section.line..=last).contains(no));
    let text = lines.map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
    Some(Section { title: Some(parse::plain(&section.title)), first: section.line, text })
}

/// Puts rules below those that the workflow has; answers how many were taken.
pub(crate) fn merge(workflow: &mut Workflow, mut rules: Rules, path: &str, reader: &mut Reader) -> usize {
    mark(&mut rules.policy, path);
    let origins = std::mem::take(&mut reader.origins);
    let branch_is_free = !origin_paths(workflow).any(|path| path.starts_with("branch."));
    let mut taken = 0;
    for (rule, line) in &origins {
        let part_of_another = rule.starts_with("severities.") && origins.contains_key("severities");
        if part_of_another || rule.contains('[') || matches!(rule.as_str(), "review" | "monitor.max") {
            continue;
        }
        let above = rule.split_once('.').map_or(rule.as_str(), |(above, _)| above);
        let known = [rule.as_str(), above].into_iter().find_map(|rule| origin_of(workflow, rule));
        if let Some(known) = known {
            overruled(workflow, &rules.policy, &Overruled { rule, line: *line, by: &known }, reader);
        } else {
            take(&mut workflow.policy, &rules.policy, rule);
            workflow.inherited.insert(rule.clone(), Place { file: path.to_owned(), line: *line });
            taken += 1;
        }
    }
    if branch_is_free && rules.policy.branch.merge_to == BaseKind::Main {
        workflow.policy.branch.merge_to = BaseKind::Main;
        workflow.policy.branch.port_by = rules.policy.branch.port_by;
    }
    if origins.keys().any(|rule| rule.starts_with("monitor.")) {
        workflow.policy.monitor.watch = true;
    }
    for mut gate in rules.gates {
        gate.file = Some(path.to_owned());
        workflow.gates.push(gate);
        taken += 1;
    }
    taken += rules.obligations.len();
    workflow.obligations.extend(rules.obligations.into_iter().map(|owed| in_file(owed, path)));
    taken
}

fn origin_paths(workflow: &Workflow) -> impl Iterator<Item = &String> {
    workflow.origins.keys().chain(workflow.inherited.keys())
}

fn origin_of(workflow: &Workflow, rule: &str) -> Option<(Option<String>, u32)> {
    let own = workflow.origins.get(rule).map(|line| (None, *line));
    own.or_else(|| workflow.inherited.get(rule).map(|place| (Some(place.file.clone()), place.line)))
}

struct Overruled<'a> {
    rule: &'a str,
    line: u32,
    by: &'a (Option<String>, u32),
}

/// Tells of an inherited rule that something nearer says otherwise.
fn overruled(workflow: &Workflow, theirs: &Policy, of: &Overruled<'_>, reader: &mut Reader) {
    let (ours, theirs) = (value_at(&workflow.policy, of.rule), value_at(theirs, of.rule));
    if ours == theirs {
        return;
    }
    let nearer = of.by.0.as_deref().unwrap_or("the page");
    let message =
        format!("`{}` is said here, and nearer in {nearer}, line {}, which holds", of.rule, of.by.1);
    reader.say(Level::Note, "HF0343", of.line, message, "say it in one place");
}

fn in_file(criterion: Criterion, path: &str) -> Criterion {
    Criterion { file: Some(path.to_owned()), ..criterion }
}

/// Each criterion says in which file it stands.
fn mark(policy: &mut Policy, path: &str) {
    let lists = [
        &mut policy.prerequisites,
        &mut policy.verification,
        &mut policy.completion,
        &mut policy.monitor.checks,
        &mut policy.rollback.required,
    ];
    for criterion in lists.into_iter().flatten() {
        criterion.file = Some(path.to_owned());
    }
}

/// Takes one rule over.
fn take(into: &mut Policy, from: &Policy, rule: &str) {
    match rule {
        "prerequisites" => into.prerequisites.clone_from(&from.prerequisites),
        "verification" => into.verification.clone_from(&from.verification),
        "completion" => into.completion.clone_from(&from.completion),
        "change.minimal" => into.change.minimal = from.change.minimal,
        "change.no_refactoring" => into.change.no_refactoring = from.change.no_refactoring,
        "change.no_features" => into.change.no_features = from.change.no_features,
        "change.max_files" => into.change.max_files = from.change.max_files,
        "change.max_lines" => into.change.max_lines = from.change.max_lines,
        "merge_request.title_key" => into.merge_request.title_key = from.merge_request.title_key,
        "merge_request.labels" => into.merge_request.labels.clone_from(&from.merge_request.labels),
        "merge_request.evidence" => into.merge_request.evidence = from.merge_request.evidence,
        "severities" => into.severities.clone_from(&from.severities),
        "branch.pattern" => into.branch.pattern.clone_from(&from.branch.pattern),
        "branch.base" => into.branch.base = from.branch.base,
        "branch.merge_to" => {
            into.branch.merge_to = from.branch.merge_to;
            into.branch.port_by = from.branch.port_by;
        }
        "branch.port_to" => into.branch.port_to.clone_from(&from.branch.port_to),
        "monitor.min" => (into.monitor.min, into.monitor.max) = (from.monitor.min, from.monitor.max),
        "monitor.checks" => into.monitor.checks.clone_from(&from.monitor.checks),
        "rollback.automatic" => into.rollback.automatic = from.rollback.automatic,
        "rollback.required" => into.rollback.required.clone_from(&from.rollback.required),
        "report_within" => into.report_within = from.report_within,
        "notify" => into.notify.clone_from(&from.notify),
        _ => {}
    }
}

/// A rule's value, to compare it: criteria by their words alone.
fn value_at(policy: &Policy, rule: &str) -> Option<Value> {
    let whole = serde_json::to_value(policy).ok()?;
    let found = rule.split('.').try_fold(&whole, |value, key| value.get(key))?.clone();
    Some(match found {
        Value::Array(items) => {
            let words = |item: Value| item.get("text").cloned().unwrap_or(item);
            items.into_iter().map(words).collect()
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_by_their_anchors() {
        let text = "---\nname: x\n---\n# Rules\n\na\n\n## Global Defaults (all)\n\nb\n\n### Deeper\n\nc\n\n## Other\n\nd\n";
        let taken = section(text, Some("global-defaults-all")).unwrap();
        assert_eq!((taken.first, taken.title.as_deref()), (8, Some("Global Defaults (all)")));
        assert_eq!(taken.text, "## Global Defaults (all)\n\nb\n\n### Deeper\n\nc\n");
        assert_eq!(section(text, None).unwrap().first, 4);
        assert_eq!(section(text, Some("nowhere")), None);
        assert_eq!(anchor_of("MR & PR rules"), "mr--pr-rules");
    }

    #[test]
    fn every_rule_can_be_taken() {
        let mut from = Policy::default();
        from.change.max_files = Some(3);
        from.monitor.min = jiff::SignedDuration::from_mins(20);
        let mut into = Policy::default();
        take(&mut into, &from, "change.max_files");
        take(&mut into, &from, "monitor.min");
        assert_eq!(into, from);
    }
}
