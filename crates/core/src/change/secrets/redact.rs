//! Takes secrets out of text before anything keeps or shows it.

use super::{Hit, MARK, SecretRules, Site, merged, scan};

/// A pass that finds nothing more ends [`redact`]; so many passes at most.
const MAX_PASSES: usize = 8;

/// Takes secrets out of text, leaving `[redacted:rule]` in their place.
/// Doing it again changes nothing.
pub fn redact(text: &str) -> String {
    SecretRules::built_in().redact(text)
}

impl SecretRules {
    /// Takes out what these rules find, as [`redact`] does.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MAX_PASSES {
            let hits = merged(scan(&text, self, &|_| Site::Text));
            if hits.is_empty() {
                break;
            }
            text = without(&text, &hits);
        }
        text
    }
}

fn without(text: &str, hits: &[Hit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for hit in hits {
        out.push_str(&text[at..hit.range.start]);
        out.push_str(MARK);
        out.push_str(&hit.id);
        out.push(']');
        at = hit.range.end;
    }
    out.push_str(&text[at..]);
    out
}
