//! Private keys in PEM form: more than one line, so more than one pattern.

use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";

/// The farthest that a key's end is looked for.
const REACH: usize = 16 * 1024;

/// So many characters of base64 in a row make key material; a mere mention of
/// the header has none.
const MATERIAL: usize = 24;

/// Where private keys are.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(BEGIN) {
        if out.last().is_some_and(|last| last.end > start) {
            continue;
        }
        out.extend(key_at(text, start));
    }
    out
}

fn key_at(text: &str, start: usize) -> Option<Range<usize>> {
    let label_start = start + BEGIN.len();
    let label_end = text[label_start..].find("-----")?;
    let label = &text[label_start..label_start + label_end];
    if label.len() > 60 || !label.contains("PRIVATE KEY") {
        return None;
    }
    let body_start = label_start + label_end + 5;
    let rest = &text[body_start..];
    let reach = &rest[..floor(rest, REACH)];
    let next = reach.find(BEGIN).unwrap_or(reach.len());
    let body_end = match reach[..next].find("-----END ") {
        Some(end) => {
            let tail = &reach[end + 9..];
            let close = tail.find("-----").filter(|at| *at <= 60).map_or(0, |at| at + 5);
            end + 9 + close
        }
        None => truncated(&reach[..next]),
    };
    has_material(&rest[..body_end]).then_some(start..body_start + body_end)
}

/// How far a key without an end goes: as long as lines look like its material.
fn truncated(body: &str) -> usize {
    let mut end = 0;
    for line in body.split_inclusive('\n') {
        // Other text may follow on the line where a key was cut short.
        let material = line.trim_matches(|c: char| !is_base64(c));
        let pure = material.chars().all(|c| is_base64(c) || "\\\"', \t".contains(c));
        let header = line.contains(": ") && line.len() < 100 && end < 300;
        if !(line.trim().is_empty()
            || header
            || (pure && has_material(line))
            || (end == 0 && has_material(line)))
        {
            let short = pure && material.len() >= 4 && (material.ends_with('=') || material.len() >= 16);
            return if short { end + line.len() } else { end };
        }
        end += line.len();
    }
    end
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn has_material(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|c| {
        run = if is_base64(c) { run + 1 } else { 0 };
        run >= MATERIAL
    })
}

/// The largest character boundary that is not past `at`.
fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
