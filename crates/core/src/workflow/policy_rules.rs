//! From tables and lists to the policy: requirements for merge requests, the
//! approval matrix, checklists, rollback and communication. It refuses to
//! overrule: the first statement of a rule holds, a second one is reported.

use super::account::Kind;
use super::branch_rules;
use super::checklists;
use super::criteria::{Place, criterion};
use super::parse::{Block, Content, Document, Item, Line, Row, plain};
use super::quantity;
use super::reader::Reader;
use super::sequence::{self, Sequence};
use super::topics::Topic;
use super::{GateRow, Level};
use crate::policy::{Criterion, Notify, NotifyKind, Policy, Requirement, ReviewTiming, SeverityPolicy};
use crate::text::slug;

mod gates;

/// What is read besides the steps.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub policy: Policy,
    pub gates: Vec<GateRow>,
    pub obligations: Vec<Criterion>,
}

/// Reads the policy of a page. The page's own title and the titles of its
/// steps are about no one rule.
pub(crate) fn read(doc: &Document, steps: &Sequence, reader: &mut Reader) -> Rules {
    let mut rules = Rules::default();
    let claimed = Claimed::of(steps);
    for (at, section) in doc.sections.iter().enumerate() {
        let step = steps.step_of(at, doc);
        let inherited = inherited(doc, at, step, reader);
        let gate = step.is_none() && section.level > 0 && checklists::is_gate(&section.title);
        if gate && !rules.gate_table(section, steps, reader) {
            rules.gate_heading(&section.title, section.line, steps, reader);
        }
        for (nth, block) in section.blocks.iter().enumerate() {
            let labelled = Some(reader.words.topic(&block.label_text())).filter(|topic| topic.is_policy());
            let under = Under {
                about: labelled.or(inherited).unwrap_or(Topic::None),
                stated: labelled.is_some() || states(block, section.blocks.get(..nth).unwrap_or_default()),
                step: step.is_some() || claimed.holds(block.first),
                claimed: false,
            };
            rules.block(block, &under, (steps, &claimed), reader);
        }
    }
    rules
}

/// What the headings above a block are about. In a step only those below its own count.
fn inherited(doc: &Document, at: usize, step: Option<usize>, reader: &Reader) -> Option<Topic> {
    let section = doc.sections.get(at)?;
    let inside = |of: &usize| step.is_none_or(|step| *of > step);
    let above = section.parents.iter().copied().chain([at]).rev().filter(inside);
    let page = doc.sections.iter().position(|section| section.level > 0);
    let is_title = |at: usize| Some(at) == page && doc.sections.get(at).is_some_and(|page| page.level == 1);
    let named = above.filter(|at| !is_title(*at)).filter_map(|at| doc.sections.get(at));
    let topics = named.filter(|section| section.level > 0).map(|section| reader.words.topic(&section.title));
    topics.into_iter().find(|topic| topic.is_policy())
}

/// Whether a block stands right below its heading, or below a line that says
/// that all of it must hold.
fn states(block: &Block, before: &[Block]) -> bool {
    const WORDS: &[&str] = &[
        "following",
        "below",
        "before",
        "must",
        "ensure",
        "make sure",
        "confirm",
        "check",
        "verify",
        "all of",
        "mandatory",
        "folgende",
        "vor ",
        "avant",
        "suivant",
        "antes",
        "siguiente",
        "seguinte",
        "prima",
        "以下",
        "必須",
        "前に",
        "다음",
        "следующ",
    ];
    let right_below =
        before.iter().all(|block| !matches!(block.content, Content::Fence(_) | Content::Table(..)));
    (block.label.is_none() && right_below) || WORDS.iter().any(|word| block.label_text().contains(word))
}

/// What a block stands under.
struct Under {
    about: Topic,
    /// Whether its items are said to hold, and are no list of something else.
    stated: bool,
    /// Whether it belongs to a step.
    step: bool,
    /// Whether it is a step.
    claimed: bool,
}

/// The lines of steps that are items, rows or paragraphs.
struct Claimed(Vec<[u32; 2]>);

impl Claimed {
    fn of(steps: &Sequence) -> Self {
        let lines = steps.parts.iter().filter(|part| !matches!(part.place, sequence::Place::Section(_)));
        let mut lines: Vec<_> = lines.map(|part| part.lines).collect();
        lines.sort_unstable();
        Claimed(lines)
    }

    fn holds(&self, line: u32) -> bool {
        let next = self.0.partition_point(|lines| lines[0] <= line);
        next.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|lines| line <= lines[1])
    }
}

impl Rules {
    fn block(
        &mut self,
        block: &Block,
        under: &Under,
        (steps, claimed): (&Sequence, &Claimed),
        reader: &mut Reader,
    ) {
        match &block.content {
            Content::Table(header, rows) => {
                self.table(block, header, rows, under.about, reader);
                // A row that is a step says what any other step says.
                for row in rows.iter().filter(|row| claimed.holds(row.line)) {
                    let text = row.cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(", ");
                    self.prose(&text, row.line, row.line, true, reader);
                }
            }
            Content::List(items) => {
                let label = block.label.as_ref().map(|label| label.no);
                for item in items {
                    let claimed = claimed.holds(item.line);
                    if !under.step && !claimed && item.depth == 0 && self.gate_item(item, steps, reader) {
                        continue;
                    }
                    self.item(item, label, &Under { claimed, step: under.step || claimed, ..*under }, reader);
                }
            }
            Content::Paragraph(lines) | Content::Quote(lines) => {
                let quoted = matches!(block.content, Content::Quote(_));
                for line in lines {
                    let _ = self.prose(&line.whole(), line.no, line.no, under.step || quoted, reader);
                    self.branch_prose(&line.whole(), line, under.about, reader);
                    self.demand(line, under, reader);
                }
            }
            Content::Fence(lines) => {
                self.fence(block, under, reader);
                if branch_rules::sketch(lines, under.about == Topic::Branch, &mut self.policy.branch, reader)
                {
                    reader.became(block.first, block.first, Kind::Drawing, "branch");
                }
            }
            Content::Other => {}
        }
    }

    /// A fence full of boxes outside of the steps: the page's own checklist.
    fn fence(&mut self, block: &Block, under: &Under, reader: &mut Reader) {
        if under.step {
            return;
        }
        for (line, text) in checklists::fenced(block) {
            self.check(&text, [line, line], under.about, reader);
        }
    }

    /// `**Prerequisites:** a clean tree` outside of the steps.
    fn demand(&mut self, line: &Line, under: &Under, reader: &mut Reader) {
        let label = line.label.as_deref().unwrap_or_default();
        if !under.step && !line.text.is_empty() && checklists::demands(label) {
            self.check(&plain(&line.text), [line.no, line.no], reader.words.topic(label), reader);
        }
    }

    fn check(&mut self, text: &str, [first, last]: [u32; 2], about: Topic, reader: &mut Reader) {
        let criterion = criterion(text, about.place().unwrap_or(Place::Anywhere), Some(first));
        let gate = criterion.gate.clone().unwrap_or_default();
        let criteria = match about {
            Topic::Prerequisites => &mut self.policy.prerequisites,
            Topic::Verification => &mut self.policy.verification,
            Topic::Monitoring => &mut self.policy.monitor.checks,
            Topic::Rollback => &mut self.policy.rollback.required,
            _ => &mut self.policy.completion,
        };
        criteria.push(criterion);
        reader.became(first, last, Kind::Checklist, &gate);
        reader.origins.entry(list_path(about).to_owned()).or_insert(first);
    }

    fn item(&mut self, item: &Item, label: Option<u32>, under: &Under, reader: &mut Reader) {
        let about = under.about;
        let whole = item.text();
        let boxed = item.task || checklists::boxed(&whole).is_some();
        let text = plain(checklists::boxed(&whole).unwrap_or(&whole));
        // What is done in order to roll back or to set up monitoring is no criterion.
        let done = item.ordered && matches!(about, Topic::Rollback | Topic::Monitoring) && !under.step;
        let listed = about.place().is_some() && under.stated && item.depth == 0 && !done && !under.claimed;
        if (boxed && !under.step && !under.claimed) || (listed && !text.is_empty() && !is_example(&whole)) {
            self.check(&text, [item.line, item.last()], about, reader);
            if let Some(label) = label {
                reader.became(label, label, Kind::Label, "");
            }
        }
        if about == Topic::Communication {
            self.communication(&text, item, reader);
        }
        if self.prose(&text, item.line, item.last(), under.step, reader)
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
    fn prose(&mut self, text: &str, first: u32, last: u32, step: bool, reader: &mut Reader) -> bool {
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
        if !step
            && has(&["post-mortem", "postmortem", "post mortem"])
            && has(&["later", "afterwards", "after "])
        {
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

/// `✅ like this`, `❌ not like that`.
fn is_example(text: &str) -> bool {
    text.starts_with(['✅', '❌', '✓', '✗', '🚫'])
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
