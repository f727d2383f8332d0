//! A diagnostic in the form of an error: the line, a caret under the words, a
//! hint.

use super::{Texts, bytes, place};
use crate::error::printable_same_length;
use crate::ui::{BAD, DIM, WAIT, styled};
use annotate_snippets::{AnnotationKind, Group, Level as Severity, Renderer, Snippet};
use hotfix_core::text::{one_line, printable};
use hotfix_core::workflow::{Diagnostic, Level};

/// A diagnostic with its line and carets, `width` columns wide.
pub fn diagnostic(diagnostic: &Diagnostic, texts: &Texts, width: usize) -> String {
    let (text, first_line) = around(texts.text(diagnostic.file.as_ref()), diagnostic);
    let text = printable_same_length(&text);
    let range = |line: u32, column: u32, length: u32| {
        bytes(&text, (line + 1).saturating_sub(first_line), column, length)
    };
    let mut snippet = Snippet::source(text.as_str())
        .path(texts.name(diagnostic.file.as_ref()))
        .line_start(first_line as usize)
        .annotation(AnnotationKind::Primary.span(range(
            diagnostic.line,
            diagnostic.column,
            diagnostic.length,
        )));
    let related: Vec<_> = diagnostic.related.iter().take(4).collect();
    let labels: Vec<String> = related.iter().map(|related| one_line(&related.message)).collect();
    for (related, label) in related.iter().zip(&labels) {
        let span = range(related.line, related.column, related.length);
        snippet = snippet.annotation(AnnotationKind::Context.span(span).label(label.as_str()));
    }
    let level = match diagnostic.severity {
        Level::Error => Severity::ERROR,
        Level::Warning => Severity::WARNING,
        Level::Note => Severity::NOTE,
    };
    let message = one_line(&diagnostic.message);
    let report: [Group<'_>; 1] =
        [level.primary_title(message.as_str()).id(diagnostic.code.as_str()).element(snippet)];
    let rendered = Renderer::styled().term_width(width).render(&report);
    let (title, rest) = rendered.split_once('\n').unwrap_or((rendered.as_str(), ""));
    let mut out = format!("{}\n{rest}", filled(title, width, ("", "    ")));
    if let Some(hint) = &diagnostic.hint {
        out.push('\n');
        out.push_str(&wrapped_hint(hint, width));
    }
    out
}

/// The part of a text that a diagnostic needs, and the number of its first line.
fn around(text: &str, diagnostic: &Diagnostic) -> (String, u32) {
    let lines = diagnostic.related.iter().take(4).map(|related| related.line).chain([diagnostic.line]);
    let (first, last) = lines.fold((u32::MAX, 0), |(first, last), line| (first.min(line), last.max(line)));
    let count = (last.saturating_sub(first) as usize).saturating_add(1);
    let part: Vec<&str> = text.lines().skip(first.saturating_sub(1) as usize).take(count).collect();
    (part.join("\n"), first)
}

/// `  hint: …`, on as many lines as it needs.
pub(super) fn wrapped_hint(hint: &str, width: usize) -> String {
    filled(&printable(hint), width, ("  hint: ", "        "))
}

/// Text on as many lines as it needs, the first and the others indented.
fn filled(text: &str, width: usize, (first, others): (&str, &str)) -> String {
    let options = textwrap::Options::new(width.max(30)).initial_indent(first).subsequent_indent(others);
    textwrap::fill(text, options.word_splitter(textwrap::WordSplitter::NoHyphenation))
}

/// A diagnostic on one line, with its hint if there is one.
pub fn note(diagnostic: &Diagnostic, texts: &Texts, width: usize) -> String {
    let style = match diagnostic.severity {
        Level::Error => BAD,
        Level::Warning => WAIT,
        Level::Note => DIM,
    };
    let name = match diagnostic.severity {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let label = format!("{name}[{}]", diagnostic.code);
    let text = format!("{label} {}: {}", place(texts, diagnostic), one_line(&diagnostic.message));
    let filled = filled(&text, width, ("", "  "));
    let rest = filled.strip_prefix(&label).unwrap_or_default();
    let mut out = format!("{}{}", styled(style, &label), printable(rest));
    if let Some(hint) = &diagnostic.hint {
        out.push('\n');
        out.push_str(&wrapped_hint(hint, width));
    }
    out
}
