//! The report as Markdown, to paste into a wiki or a forge.

use super::RenderError;
use super::html::environment;
use super::view::View;
use hotfix_core::report::Report;
use hotfix_core::text::{one_line, printable};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Error, Output, State, Value};

/// The report as Markdown with tables: the same content as the HTML.
pub fn markdown(report: &Report) -> Result<String, RenderError> {
    let mut env = environment(AutoEscape::Custom("markdown".into()))?;
    env.set_formatter(format);
    env.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    env.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    env.add_filter("verbatim", |text: &str| Value::from_safe_string(printable(text)));
    env.add_template("report.md", include_str!("templates/report.md"))?;
    let text = env.get_template("report.md")?.render(Serde(View::of(report)))?;
    Ok(tidy(&text))
}

/// Every value on its way out: on one line, printable, with nothing in it that
/// Markdown or HTML give a meaning to.
fn format(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { escaped(&one_line(&text)) };
    Ok(out.write_str(&text)?)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            '#' | '+' | '-' | '=' if i == 0 => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A text as code, on one line and fit for a table's cell.
fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Markdown that a person wrote: it stays as it is, save that no HTML passes
/// and that its headings are below those of the report.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut out = Vec::new();
    for line in printable(text).lines() {
        let fence = super::prose::is_fence(line);
        fenced ^= fence;
        out.push(match line {
            l if fenced || fence => l.to_owned(),
            l if l.starts_with('#') => format!("#### {}", harmless(l.trim_start_matches('#').trim())),
            l => harmless(l),
        });
    }
    if fenced {
        out.push("```".to_owned());
    }
    out.join("\n")
}

/// A line in which no tag can begin; what is set as code needs no change.
fn harmless(line: &str) -> String {
    let even = line.matches('`').count().is_multiple_of(2);
    let part = |(i, part): (usize, &str)| {
        if i % 2 == 1 && even { part.to_owned() } else { part.replace('<', "&lt;") }
    };
    line.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// One empty line at most between two blocks, one newline at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks >= 3 && fenced.is_none_or(|open| ticks >= open) {
            fenced = if fenced.is_none() { Some(ticks) } else { None };
        }
        if fenced.is_none() && line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
