//! From tables and lists to the policy: requirements for merge requests, the
//! approval matrix, checklists, rollback and communication. It refuses to
//! overrule: the first statement of a rule holds, a second one is reported.

use super::account::Kind;
use super::branch_rules;
use super::criteria::{Place, criterion};
use super::parse::{Block, Content, Document, Item, Line, Row, plain};
use super::quantity;
use super::reader::Reader;
use super::{GateRow, Level};
use crate::policy::{Criterion, Notify, NotifyKind, Policy, Requirement, ReviewTiming, SeverityPolicy};
use crate::text::slug;

/// What a heading or a label is about, where that is policy and no step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Nothing that is known.
    None,
    Prerequisites,
    Verification,
    Monitoring,
    Rollback,
    Completion,
    Communication,
    Branch,
    Approval,
    MergeRequest,
    Principles,
    /// Known parts of a page that are no steps: overview, flow, example, notes.
    Around,
}

impl Topic {
    /// Where the criteria of its lists stand.
    pub fn place(self) -> Option<Place> {
        match self {
            Topic::Prerequisites => Some(Place::Prerequisite),
            Topic::Verification => Some(Place::Verification),
            Topic::Monitoring => Some(Place::Monitoring),
            Topic::Rollback => Some(Place::Rollback),
            Topic::Completion => Some(Place::Completion),
            _ => None,
        }
    }
}

const TOPICS: &[(Topic, &[&str])] = &[
    (
        Topic::MergeRequest,
        &[
            "mr requirement",
            "mr polic",
            "mr rule",
            "request requirement",
            "request polic",
            "request rule",
            "pr requirement",
            "pr rule",
        ],
    ),
    (Topic::Prerequisites, &["prerequisite", "pre-flight", "preflight", "before you start", "preconditions"]),
    (
        Topic::Completion,
        &["completion", "definition of done", "done when", "exit criteria", "success criteria"],
    ),
    (Topic::Rollback, &["rollback", "roll back", "roll-back"]),
    (Topic::Communication, &["communication", "notification", "notify", "who to tell"]),
    (Topic::Branch, &["branch strategy", "branching", "branch rules", "branch polic", "branch naming"]),
    (Topic::Approval, &["approval matrix", "approval rules", "severity", "severities", "approvals"]),
    (Topic::Monitoring, &["monitoring", "monitor for", "health check", "what to watch"]),
    (Topic::Verification, &["verification", "verify that", "what to verify", "acceptance"]),
    (Topic::Principles, &["principle", "rules", "constraints", "guardrails", "do not", "don't"]),
    (
        Topic::Around,
        &[
            "overview",
            "when to use",
            "example",
            "flow",
            "quality gate",
            "notes",
            "reference",
            "related",
            "see also",
            "policy",
            "faq",
            "appendix",
        ],
    ),
];

/// What a heading or a label is about.
pub(crate) fn topic(title: &str) -> Topic {
    let title = title.to_lowercase();
    let starts_word =
        |at: usize| !title.get(..at).is_some_and(|before| before.ends_with(char::is_alphabetic));
    let has = |word: &&str| title.match_indices(*word).any(|(at, _)| starts_word(at));
    let found = TOPICS.iter().find(|(_, words)| words.iter().any(has));
    found.map_or(Topic::None, |(topic, _)| *topic)
}

/// What is read besides the steps.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub policy: Policy,
    pub gates: Vec<GateRow>,
    pub obligations: Vec<Criterion>,
}

/// Reads the policy of a page. The page's own title is about no one rule.
pub(crate) fn read(doc: &Document, reader: &mut Reader) -> Rules {
    let mut rules = Rules::default();
    for (at, section) in doc.sections.iter().enumerate() {
        let titles = doc.titles_below_first(at);
        let inherited = titles.iter().rev().map(|title| topic(title)).find(|topic| *topic != Topic::None);
        for block in &section.blocks {
            let labelled = Some(topic(&block.label_text())).filter(|topic| *topic != Topic::None);
            let about = labelled.or(inherited).unwrap_or(Topic::None);
            rules.block(block, about, reader);
        }
    }
    rules
}

impl Rules {
    fn block(&mut self, block: &Block, about: Topic, reader: &mut Reader) {
        match &block.content {
            Content::Table(header, rows) => self.table(block, header, rows, about, reader),
            Content::List(items) => {
                let label = block.label.as_ref().map(|label| label.no);
                for item in items {
                    self.item(item, label, about, reader);
                }
            }
            Content::Paragraph(lines) | Content::Quote(lines) => {
                for line in lines {
                    let _ = self.prose(&line.whole(), line.no, line.no, reader);
                    self.branch_prose(&line.whole(), line, about, reader);
                }
            }
            Content::Fence(lines) => {
                if branch_rules::sketch(lines, about == Topic::Branch, &mut self.policy.branch, reader) {
                    reader.became(block.first, block.first, Kind::Drawing, "branch");
                }
            }
            Content::Other => {}
        }
    }

    fn item(&mut self, item: &Item, label: Option<u32>, about: Topic, reader: &mut Reader) {
        let text = plain(&item.text());
        let criterion = about.place().map(|place| criterion(&text, place, Some(item.line)));
        if let Some(criterion) = criterion {
            let list = match about {
                Topic::Prerequisites => &mut self.policy.prerequisites,
                Topic::Verification => &mut self.policy.verification,
                Topic::Monitoring => &mut self.policy.monitor.checks,
                Topic::Rollback => &mut self.policy.rollback.required,
                _ => &mut self.policy.completion,
            };
            reader.became(
                item.line,
                item.last(),
                Kind::Checklist,
                criterion.gate.as_deref().unwrap_or_default(),
            );
            list.push(criterion);
            reader.origins.entry(list_path(about).to_owned()).or_insert(item.line);
            if let Some(label) = label {
                reader.became(label, label, Kind::Label, "");
            }
        }
        if about == Topic::Communication {
            self.communication(&text, item, reader);
        }
        if self.prose(&text, item.line, item.last(), reader)
            && let Some(label) = label
        {
            reader.became(label, label, Kind::Label, "");
        }
        if let Some(line) = item.lines.first() {
            self.branch_prose(&item.text(), line, about, reader);
        }
    }

    fn branch_prose(&mut self, text: &str, line: &Line, about: Topic, reader: &mut Reader) {
        if about == Topic::Branch {
            branch_rules::line(text, line.no, &mut self.policy.branch, reader);
        }
    }

    /// What a line of prose says about the change, the window and the review.
    fn prose(&mut self, text: &str, first: u32, last: u32, reader: &mut Reader) -> bool {
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let change = &mut self.policy.change;
        let mut rules: Vec<&str> = Vec::new();
        if has(&[
            "smallest possible change",
            "smallest change",
            "minimal fix",
            "minimal change",
            "minimal scope",
        ]) {
            change.minimal = true;
            rules.push("change.minimal");
        }
        if has(&["no refactor", "not refactor", "don't refactor", "without refactor"]) {
            change.no_refactoring = true;
            rules.push("change.no_refactoring");
        }
        if has(&["no new feature", "no feature", "not add feature", "don't add feature"]) {
            change.no_features = true;
            rules.push("change.no_features");
        }
        if has(&["at most", "max", "no more than", "fewer than", "up to"]) {
            for (unit, path, value) in [
                ("file", "change.max_files", &mut change.max_files),
                ("line", "change.max_lines", &mut change.max_lines),
            ] {
                if let Some(count) = quantity::count(&lower, unit) {
                    if !reader.origins.contains_key(path) {
                        *value = Some(count);
                    }
                    rules.push(path);
                }
            }
        }
        if has(&["monitor", "watch", "observe"]) && self.window(&lower, first, reader) {
            rules.push("monitor.min");
        }
        if lower.contains("review") && has(&["post-merge", "after merge", "after the merge", "post-deploy"]) {
            rules.push("review");
        }
        if has(&["post-mortem", "postmortem", "post mortem"]) && has(&["later", "afterwards", "after "]) {
            let owed = criterion(text, Place::Completion, Some(first));
            reader.became(first, last, Kind::Obligation, owed.gate.as_deref().unwrap_or_default());
            self.obligations.push(owed);
        }
        if lower.contains("roll")
            && has(&["automatic rollback", "automatically roll", "roll back automatically"])
        {
            if !reader.origins.contains_key("rollback.automatic") {
                self.policy.rollback.automatic = Some(!has(&["no automatic", "never", "not "]));
            }
            rules.push("rollback.automatic");
        }
        for path in &rules {
            reader.origins.entry((*path).to_owned()).or_insert(first);
            reader.became(first, last, Kind::Policy, path);
        }
        !rules.is_empty()
    }

    fn window(&mut self, text: &str, line: u32, reader: &mut Reader) -> bool {
        let Some((min, max)) = quantity::window(text) else { return false };
        let monitor = &mut self.policy.monitor;
        let said = max.is_some();
        let max = max.unwrap_or(monitor.max.max(min)).max(min);
        match reader.origins.get("monitor.min") {
            Some(first) if (monitor.min, monitor.max) != (min, max) => {
                let message = format!("a second monitoring window; the one of line {first} holds");
                let first = *first;
                let hint = "keep one of the two";
                reader.say(Level::Warning, "HF0317", line, message, hint).with(first, None, "this one holds");
                false
            }
            _ => {
                (monitor.min, monitor.max) = (min, max);
                if said {
                    reader.origins.insert("monitor.max".to_owned(), line);
                }
                true
            }
        }
    }

    fn communication(&mut self, text: &str, item: &Item, reader: &mut Reader) {
        let lower = text.to_lowercase();
        let (mut known, mut path) = (false, "notify");
        if lower.contains("report") || lower.contains("post-mortem") || lower.contains("postmortem") {
            if let Some((within, _)) = quantity::window(&lower) {
                if !reader.origins.contains_key("report_within") {
                    self.policy.report_within = within;
                    reader.rule("report_within", item.line);
                }
                (known, path) = (true, "report_within");
            }
        } else if lower.contains("status page") {
            self.notify(NotifyKind::StatusPage, after_colon(text), item.line, reader);
            known = true;
        } else if let Some(channel) = channel(text) {
            self.notify(NotifyKind::Channel, &channel, item.line, reader);
            known = true;
        } else if lower.starts_with("notify") || lower.contains("channel") {
            self.notify(NotifyKind::Channel, after_colon(text), item.line, reader);
            known = true;
        }
        if known {
            reader.became(item.line, item.last(), Kind::Policy, path);
        }
    }

    fn notify(&mut self, kind: NotifyKind, target: &str, line: u32, reader: &mut Reader) {
        let (target, condition) = split_parenthesis(target);
        self.policy.notify.push(Notify { kind, target, condition });
        reader.origins.entry("notify".to_owned()).or_insert(line);
        reader.origins.insert(format!("notify[{}]", self.policy.notify.len()), line);
    }

    fn table(&mut self, block: &Block, header: &Row, rows: &[Row], about: Topic, reader: &mut Reader) {
        let columns: Vec<String> = header.cells.iter().map(|cell| cell.to_lowercase()).collect();
        let column =
            |words: &[&str]| columns.iter().position(|cell| words.iter().any(|word| cell.contains(word)));
        let understood = if let (Some(severity), Some(approvers)) =
            (column(&["severity", "priority", "level"]), column(&["approv"]))
        {
            self.matrix(block.first, rows, [severity, approvers], column(&["review"]), reader)
        } else if let (Some(after), Some(criteria)) = (column(&["after"]), column(&["criteri", "condition"]))
        {
            self.gates(rows, after, criteria);
            true
        } else if columns.len() >= 2 && (about == Topic::MergeRequest || is_request_table(&columns, rows)) {
            self.merge_request(rows, reader)
        } else {
            false
        };
        if understood {
            let last = rows.first().map_or(block.last, |row| row.line.saturating_sub(1));
            reader.became(block.first, last, Kind::TableHead, "");
            if let Some(label) = &block.label {
                reader.became(label.no, label.no, Kind::Label, "");
            }
        }
    }

    fn gates(&mut self, rows: &[Row], after: usize, criteria: usize) {
        for row in rows.iter().filter(|row| !row.cell(criteria).is_empty()) {
            let text = row.cell(criteria);
            let id = super::criteria::gate(&text, Place::Anywhere);
            self.gates.push(GateRow {
                id,
                after: row.cell(after),
                criteria: text,
                line: row.line,
                file: None,
            });
        }
    }

    fn matrix(
        &mut self,
        line: u32,
        rows: &[Row],
        at: [usize; 2],
        review: Option<usize>,
        reader: &mut Reader,
    ) -> bool {
        if let Some(first) = reader.origins.get("severities") {
            let message = format!("a second approval matrix; the one of line {first} holds");
            let first = *first;
            reader.say(Level::Warning, "HF0305", line, message, "keep one matrix").with(
                first,
                None,
                "this one holds",
            );
            return false;
        }
        reader.rule("severities", line);
        for (rank, row) in (0_u32..).zip(rows) {
            let (name, title) = split_parenthesis(&row.cell(at[0]));
            if name.is_empty() {
                continue;
            }
            let (approvers, reviewers) = approvers(&row.cell(at[1]));
            let review = timing(row, review, reader);
            let known = self.policy.severities.contains_key(&name);
            if known {
                let message = format!("severity `{name}` has a second row; the first holds");
                let hint = "keep one row for each severity";
                reader.say(Level::Warning, "HF0315", row.line, message, hint).about(&name);
                continue;
            }
            reader.rule(&format!("severities.{name}"), row.line);
            self.policy.severities.insert(name, SeverityPolicy { title, approvers, reviewers, review, rank });
        }
        true
    }

    fn merge_request(&mut self, rows: &[Row], reader: &mut Reader) -> bool {
        let mut any = false;
        for row in rows {
            let (item, rule) = (row.cell(0).to_lowercase(), row.cell(1).to_lowercase());
            let request = &mut self.policy.merge_request;
            let path = if item.contains("title") {
                request.title_key = requirement(&rule);
                "merge_request.title_key"
            } else if item.contains("evidence") {
                request.evidence = requirement(&rule);
                "merge_request.evidence"
            } else if item.contains("label") {
                let raw = row.cells.get(1).map(String::as_str).unwrap_or_default();
                request.labels = labels(raw);
                "merge_request.labels"
            } else {
                continue;
            };
            reader.rule(path, row.line);
            any = true;
        }
        any
    }
}

fn list_path(about: Topic) -> &'static str {
    match about {
        Topic::Prerequisites => "prerequisites",
        Topic::Verification => "verification",
        Topic::Monitoring => "monitor.checks",
        Topic::Rollback => "rollback.required",
        _ => "completion",
    }
}

fn is_request_table(columns: &[String], rows: &[Row]) -> bool {
    let rule = columns.get(1).is_some_and(|cell| cell.contains("rule") || cell.contains("requirement"));
    rule && rows
        .iter()
        .any(|row| matches!(row.cell(0).to_lowercase().as_str(), "title" | "label" | "labels" | "evidence"))
}

fn requirement(rule: &str) -> Requirement {
    let words = ["required", "must", "mandatory", "always"];
    let denied = ["not required", "optional"].iter().any(|word| rule.contains(word));
    if !denied && words.iter().any(|word| rule.contains(word)) {
        Requirement::Required
    } else {
        Requirement::Optional
    }
}

/// The labels of a cell: what stands in back-ticks or quotes, or else its words.
pub(crate) fn labels(cell: &str) -> Vec<String> {
    for quote in ['`', '"'] {
        let quoted: Vec<_> = cell.split(quote).skip(1).step_by(2).map(str::to_owned).collect();
        if !quoted.is_empty() {
            return quoted;
        }
    }
    let (words, _) = split_parenthesis(cell);
    words.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn after_colon(text: &str) -> &str {
    text.split_once(':').map_or(text, |(_, rest)| rest).trim()
}

fn channel(text: &str) -> Option<String> {
    let word = text.split_whitespace().find(|word| word.len() > 1 && word.starts_with('#'))?;
    Some(word.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned())
}

/// `P1 (Down)` is `P1` and `Down`.
pub(crate) fn split_parenthesis(text: &str) -> (String, Option<String>) {
    match text.split_once('(') {
        Some((before, rest)) => {
            let inner = rest.split(')').next().unwrap_or_default().trim();
            (before.trim().to_owned(), (!inner.is_empty()).then(|| inner.to_owned()))
        }
        None => (text.trim().to_owned(), None),
    }
}

/// `On-call + 1 reviewer` is one role and one reviewer.
fn approvers(cell: &str) -> (Vec<String>, u32) {
    let (mut roles, mut reviewers) = (Vec::new(), 0);
    for part in cell.replace(" and ", "+").split(['+', ',', '&', ';']) {
        let (part, _) = split_parenthesis(part);
        let lower = part.to_lowercase();
        if lower.contains("reviewer") || lower.contains("peer") {
            let count = lower.split_whitespace().find_map(|word| word.parse().ok());
            reviewers += count.unwrap_or(1_u32).min(100);
        } else if !matches!(lower.as_str(), "" | "-" | "none" | "nobody" | "n/a") {
            let role = slug(&part);
            if !role.is_empty() && !roles.contains(&role) {
                roles.push(role);
            }
        }
    }
    (roles, reviewers)
}

fn timing(row: &Row, column: Option<usize>, reader: &mut Reader) -> ReviewTiming {
    let cell = column.map(|column| row.cell(column).to_lowercase()).unwrap_or_default();
    if ["post", "after", "async", "later"].iter().any(|word| cell.contains(word)) {
        return ReviewTiming::PostDeploy;
    }
    if !["pre", "before"].iter().any(|word| cell.contains(word)) {
        let message = "the row does not say when the review is; it was taken as before the merge".to_owned();
        reader.say(Level::Warning, "HF0314", row.line, message, "write `Pre-deploy` or `Post-deploy`");
    }
    ReviewTiming::PreDeploy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        assert_eq!(approvers("On-call + 1 reviewer"), (vec!["on-call".to_owned()], 1));
        assert_eq!(approvers("Tech Lead, 2 reviewers"), (vec!["tech-lead".to_owned()], 2));
        assert_eq!(approvers("none"), (vec![], 0));
        assert_eq!(split_parenthesis("P1 (Down)"), ("P1".to_owned(), Some("Down".to_owned())));
        assert_eq!(labels("`urgent`, `hotfix`"), ["urgent", "hotfix"]);
        assert_eq!(labels("urgent, hotfix (both)"), ["urgent", "hotfix"]);
        assert_eq!(requirement("jira key required"), Requirement::Required);
        assert_eq!(requirement("not required"), Requirement::Optional);
        assert_eq!(channel("Notify: #ops-red, now").as_deref(), Some("#ops-red"));
    }
}
