//! The analysis as a file that a person edits: drafted from what the journal
//! knows, read back tolerantly, and checked for what is still to be written.

use super::{facts, prose, words};
use hotfix_core::report::{Analysis, Prevention, Report};
use hotfix_core::text::one_line;
use std::fmt::Write as _;

const HEAD: &str = "<!-- Everything between these marks is a hint and is not read. Replace each hint, or
     leave it; `hotfix report --edit` opens this file again. -->";

/// The file that a person edits. What was written before stays; what the
/// journal knows is drafted; the rest is a hint to fill in.
pub fn draft(report: &Report) -> String {
    let a = &report.analysis;
    let incident = &report.status.incident;
    let mut out = format!("# {}: {}\n\n{HEAD}\n", one_line(&incident.key), one_line(&incident.title));
    let mut section = |heading: &str, body: String| {
        let _ = write!(out, "\n## {heading}\n\n{}\n", body.trim_end());
    };
    let text = |written: &Option<String>, known: Option<String>, hint: &str| match (written, known) {
        (Some(text), _) => text.clone(),
        (None, Some(known)) => format!("{known}\n\n<!-- fill in: {hint} (drafted from the journal) -->"),
        (None, None) => format!("<!-- fill in: {hint} -->"),
    };
    section("Summary", text(&a.summary, summary(report), "in two sentences, for everybody"));
    section("Impact", text(&a.impact, facts::impact(report), "who noticed what, and for how long"));
    section("Root cause", text(&a.root_cause, None, "why it happened, and why nothing caught it"));
    section("Fix", text(&a.fix, fix(report), "what was changed"));
    section(
        "Detection",
        text(&a.detection, detection(report), "how it was noticed, and what could have shown it earlier"),
    );
    section("Prevention", prevention(&a.prevention));
    section("Lessons", lessons(&a.lessons));
    out
}

fn summary(report: &Report) -> Option<String> {
    let restore = report.time_to_restore?;
    let incident = &report.status.incident;
    let title = one_line(&incident.title);
    let how = match (&report.rolled_back, report.status.deploys.last()) {
        (Some(r), _) => format!(" The rollback to {} ended it.", one_line(&r.to)),
        (None, Some(d)) => format!(" {} fixed it.", one_line(&d.version)),
        (None, None) => String::new(),
    };
    Some(format!("{} ({}), for {}.{how}", title, one_line(&incident.severity), words::duration(restore)))
}

fn fix(report: &Report) -> Option<String> {
    let mr = report.status.merge_requests.iter().find(|m| m.role == "production")?;
    let commit = words::short_commit(mr.merge_commit.as_ref().unwrap_or(&mr.commit));
    let files: Vec<String> = report.diff.iter().flat_map(|d| d.lines()).filter_map(changed_file).collect();
    let files = if files.is_empty() { String::new() } else { format!(" It changes {}.", files.join(", ")) };
    Some(format!("Merge request {} ({commit}): {}{files}", one_line(&mr.id), facts::sentence(&mr.title)))
}

fn changed_file(line: &str) -> Option<String> {
    let path = line.strip_prefix("+++ ")?;
    let path = path.strip_prefix("b/").unwrap_or(path);
    (path != "/dev/null").then(|| format!("`{}`", one_line(path)))
}

fn detection(report: &Report) -> Option<String> {
    let (began, started) = report.began_at.zip(report.status.run.started_at)?;
    (began < started).then(|| {
        format!(
            "The hotfix was started {} after the incident began.",
            words::duration(started.duration_since(began))
        )
    })
}

fn prevention(measures: &[Prevention]) -> String {
    let mut out = "| Measure | Owner | Due |\n| --- | --- | --- |\n".to_owned();
    let cell = |text: &str| one_line(text).replace('\\', "\\\\").replace('|', "\\|");
    for p in measures {
        let _ = writeln!(out, "| {} | {} | {} |", cell(&p.measure), cell(&p.owner), cell(&p.due));
    }
    if measures.is_empty() {
        out.push_str(
            "| <!-- fill in: what keeps it from happening again --> | <!-- fill in: a name --> | <!-- fill in: YYYY-MM-DD --> |\n",
        );
    }
    out
}

fn lessons(lessons: &[String]) -> String {
    if lessons.is_empty() {
        let hints = ["what went well", "what went wrong", "where we got lucky"];
        return hints.map(|hint| format!("- <!-- fill in: {hint} -->\n")).concat();
    }
    lessons.iter().map(|l| format!("- {}", one_line(l))).collect::<Vec<_>>().join("\n")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Summary,
    Impact,
    RootCause,
    Fix,
    Detection,
    Prevention,
    Lessons,
}

fn section_of(heading: &str) -> Option<Section> {
    let words: String = heading.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    match words.as_str() {
        "summary" | "whathappened" => Some(Section::Summary),
        "impact" => Some(Section::Impact),
        "rootcause" | "rootcauses" | "rootcauseanalysis" | "cause" | "rca" => Some(Section::RootCause),
        "fix" | "thefix" | "resolution" => Some(Section::Fix),
        "detection" => Some(Section::Detection),
        "prevention" | "preventionmeasures" | "preventivemeasures" | "actionitems" => {
            Some(Section::Prevention)
        }
        "lessons" | "lessonslearned" => Some(Section::Lessons),
        _ => None,
    }
}

/// Reads the file back. Headings may be of any level and case, sections may be
/// in any order or missing; hints, comments and words like `TODO` count as
/// empty. Text under a heading that is not known stays with the section before.
pub fn parse(text: &str) -> Analysis {
    let mut parts: Vec<(Section, Vec<&str>)> = Vec::new();
    let text = without_comments(text);
    let mut code = false;
    for line in text.lines() {
        code ^= prose::is_fence(line);
        match heading(line).filter(|_| !code).and_then(section_of) {
            Some(section) => parts.push((section, Vec::new())),
            None => parts.last_mut().into_iter().for_each(|(_, lines)| lines.push(line)),
        }
    }
    let mut a = Analysis::default();
    for (section, lines) in parts {
        take(&mut a, section, &lines);
    }
    a
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?.trim_start_matches('#');
    rest.starts_with([' ', '\t']).then(|| rest.trim())
}

fn take(a: &mut Analysis, section: Section, lines: &[&str]) {
    let slot = match section {
        Section::Summary => &mut a.summary,
        Section::Impact => &mut a.impact,
        Section::RootCause => &mut a.root_cause,
        Section::Fix => &mut a.fix,
        Section::Detection => &mut a.detection,
        Section::Prevention => return a.prevention.extend(measures(lines)),
        Section::Lessons => {
            let items = prose::joined_bullets(lines);
            return a.lessons.extend(items.into_iter().filter(|l| !is_placeholder(l)));
        }
    };
    let text = lines.join("\n").trim().to_owned();
    if is_placeholder(&text) {
        return;
    }
    *slot = Some(match slot.take() {
        Some(before) => format!("{before}\n\n{text}"),
        None => text,
    });
}

/// A text that says that there is none yet.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['-', '*', '+', ' ', '_', '…', '.', '?', '[', ']']);
    let first: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect();
    let open = ["todo", "tbd", "yyyy-mm-dd"].iter().any(|word| first.eq_ignore_ascii_case(word));
    text.is_empty() || (open && text.lines().count() == 1)
}

/// The text without HTML comments, save in lines of code. A comment that is
/// never closed ends with its line, so that nothing behind it is lost. Runs of
/// empty lines that are left become one.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut code = false;
    while let Some((line, behind)) = rest.split_once('\n').or((!rest.is_empty()).then_some((rest, ""))) {
        if prose::is_fence(line) {
            code = !code;
        }
        let Some(from) = line.find("<!--").filter(|_| !code) else {
            let doubled = line.trim().is_empty() && out.ends_with("\n\n") && !code;
            if !doubled {
                out.push_str(line);
                out.push('\n');
            }
            rest = behind;
            continue;
        };
        out.push_str(&rest[..from]);
        let inner = &rest[from + 4..];
        rest = match inner.find("-->") {
            Some(end) => &inner[end + 3..],
            None => inner.find('\n').map_or("", |end| &inner[end..]),
        };
        if rest.is_empty() {
            out.push('\n');
        }
    }
    out
}

fn measures(lines: &[&str]) -> Vec<Prevention> {
    let mut order = [0, 1, 2];
    let mut all = Vec::new();
    for line in lines {
        let measure = if line.trim_start().starts_with('|') {
            let cells = cells(line);
            if let Some(found) = header(&cells) {
                order = found;
                continue;
            }
            let of =
                |i: usize| cells.get(order[i]).filter(|c| !is_placeholder(c)).cloned().unwrap_or_default();
            Prevention { measure: of(0), owner: of(1), due: of(2) }
        } else {
            let words = prose::bullet(line).unwrap_or(line.trim());
            let measure = if is_placeholder(words) { String::new() } else { words.to_owned() };
            Prevention { measure, owner: String::new(), due: String::new() }
        };
        if !measure.measure.is_empty() && !is_rule(&measure.measure) {
            all.push(measure);
        }
    }
    all
}

fn is_rule(cell: &str) -> bool {
    cell.chars().all(|c| matches!(c, '-' | ':' | ' '))
}

/// Where a header row has the measure, the owner and the due date.
fn header(cells: &[String]) -> Option<[usize; 3]> {
    let place = |names: &[&str]| {
        cells.iter().position(|c| names.iter().any(|n| c.trim_matches('*').eq_ignore_ascii_case(n)))
    };
    let measure = place(&["measure", "action", "what"])?;
    let owner = place(&["owner", "who", "assignee"])?;
    let due = place(&["due", "due date", "date", "by", "when", "deadline"])?;
    Some([measure, owner, due])
}

/// The cells of a table's row; `\|` is a bar, `\\` a backslash.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let mut all = vec![String::new()];
    let mut characters = line.strip_prefix('|').unwrap_or(line).chars().peekable();
    while let Some(c) = characters.next() {
        let escaped = c == '\\' && matches!(characters.peek(), Some('|' | '\\'));
        match (c, all.last_mut()) {
            ('\\', Some(cell)) if escaped => cell.extend(characters.next()),
            ('|', _) => all.push(String::new()),
            (_, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    all.iter().map(|c| c.trim().to_owned()).collect()
}

/// What the gate `report.complete` still wants, in words. The timeline is
/// always there: the journal has it.
pub fn missing(a: &Analysis) -> Vec<&'static str> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(is_placeholder);
    let mut all = Vec::new();
    if blank(&a.root_cause) {
        all.push("the root cause");
    }
    if blank(&a.fix) {
        all.push("the fix");
    }
    let real = || a.prevention.iter().filter(|p| !is_placeholder(&p.measure));
    let owned = |p: &Prevention| !is_placeholder(&p.owner);
    let dated = |p: &Prevention| is_date(p.due.trim());
    if real().any(|p| owned(p) && dated(p)) {
        return all;
    }
    all.push(if real().any(owned) {
        "a due date (YYYY-MM-DD) for a prevention measure"
    } else if real().any(dated) {
        "an owner for a prevention measure"
    } else if real().next().is_some() {
        "an owner and a due date (YYYY-MM-DD) for a prevention measure"
    } else {
        "a prevention measure with an owner and a due date (YYYY-MM-DD)"
    });
    all
}

fn is_date(text: &str) -> bool {
    let shape = text.len() == 10 && text.bytes().enumerate().all(|(i, b)| (i == 4 || i == 7) == (b == b'-'));
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
