//! A merge request's body: ours stands between two markers, and what people
//! wrote around it stays. Behind our text, the marker by which the run's
//! request is found and the head of the journal's chain at the time of writing;
//! these do not count when two bodies are compared.

use std::fmt::Write as _;

/// Where ours begins.
const BEGIN: &str = "<!-- hotfix:begin -->";
/// Where it ends.
const END: &str = "<!-- hotfix:end -->";
/// Before the chain's head.
const CHAIN: &str = "<!-- hotfix:chain ";

/// A record of the journal and the digest of its line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ChainMark {
    /// The record's place, from 1.
    pub seq: u64,
    /// The digest of its line.
    pub head: String,
}

/// What is put between the markers.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// The text.
    pub text: &'a str,
    /// By what the run's request is found.
    pub marker: &'a str,
    /// The journal's chain at this time.
    pub chain: Option<&'a ChainMark>,
}

/// The body with ours brought up to date in place; at the end where it is not
/// there yet, or where its markers were torn apart.
pub fn put(existing: &str, ours: &Ours<'_>) -> String {
    let existing = existing.replace("\r\n", "\n");
    let mut block = format!("{BEGIN}\n{}\n", quiet(ours.text.trim()));
    if let Some(chain) = ours.chain {
        let _ = writeln!(block, "\n{CHAIN}{} {} -->", chain.seq, chain.head);
    }
    let _ = write!(block, "<!-- {} -->\n{END}", ours.marker);
    if let Some((start, end)) = place(&existing) {
        return format!("{}{block}{}", &existing[..start], &existing[end..]);
    }
    let kept: Vec<&str> = existing.lines().filter(|l| l.trim() != BEGIN && l.trim() != END).collect();
    let kept = kept.join("\n");
    if kept.trim().is_empty() { format!("{block}\n") } else { format!("{}\n\n{block}\n", kept.trim_end()) }
}

/// Our text in a body, without markers and chain; none if it is not there.
pub fn ours(body: &str) -> Option<String> {
    let body = body.replace("\r\n", "\n");
    let (start, end) = place(&body)?;
    let inner = body[start + BEGIN.len()..end - END.len()].trim();
    let upto = inner.find("\n<!-- hotfix").map_or(inner, |at| &inner[..at]);
    Some(upto.trim().to_owned())
}

/// The digest by which our part of two bodies is compared.
pub fn digest(body: &str) -> Option<String> {
    ours(body).map(|text| crate::digest::of_bytes(text.as_bytes()))
}

/// The digest that a body with this text of ours has.
pub fn digest_of(text: &str) -> String {
    crate::digest::of_bytes(quiet(text.trim()).trim().as_bytes())
}

/// The chain's head that a body carries.
pub fn chain(body: &str) -> Option<ChainMark> {
    let rest = &body[body.rfind(CHAIN)? + CHAIN.len()..];
    let (mark, _) = rest.split_once(" -->")?;
    let (seq, head) = mark.trim().split_once(' ')?;
    Some(ChainMark { seq: seq.parse().ok()?, head: head.trim().to_owned() })
}

/// Whether a body carries a run's marker.
pub fn has_marker(body: &str, marker: &str) -> bool {
    body.contains(&format!("<!-- {marker} -->"))
}

/// Markers in our own text would break it apart.
fn quiet(text: &str) -> String {
    text.replace("\r\n", "\n").replace("<!--", "&lt;!--")
}

fn place(body: &str) -> Option<(usize, usize)> {
    let start = body.find(BEGIN)?;
    let end = start + body[start..].find(END)? + END.len();
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seq: u64) -> ChainMark {
        ChainMark { seq, head: "ab12".into() }
    }

    fn with<'a>(text: &'a str, chain: &'a ChainMark) -> Ours<'a> {
        Ours { text, marker: "hotfix-run: r1 attempt 1", chain: Some(chain) }
    }

    #[test]
    fn what_people_wrote_around_ours_stays() {
        let chain = mark(3);
        let first = put("Hello @olga\r\n", &with("## Evidence", &chain));
        assert!(first.starts_with("Hello @olga\n\n<!-- hotfix:begin -->\n## Evidence\n"), "{first}");
        let by_hand =
            first.replace("Hello", "Dear").replace("<!-- hotfix:end -->", "<!-- hotfix:end -->\nPS: soon");
        let chain = mark(9);
        let next = put(&by_hand.replace('\n', "\r\n"), &with("## Evidence\n\nmore", &chain));
        assert!(next.starts_with("Dear @olga\n") && next.trim_end().ends_with("PS: soon"), "{next}");
        assert_eq!(ours(&next).as_deref(), Some("## Evidence\n\nmore"));
        assert_eq!(next.matches("hotfix:begin").count(), 1);
        assert_eq!(super::chain(&next), Some(mark(9)));
        assert!(
            has_marker(&next, "hotfix-run: r1 attempt 1") && !has_marker(&next, "hotfix-run: r1 attempt")
        );
    }

    #[test]
    fn the_chain_makes_no_difference() {
        let (a, b) = (mark(3), mark(40));
        let (first, later) = (put("", &with("same", &a)), put("", &with("same", &b)));
        assert_ne!(first, later);
        assert_eq!(digest(&first), digest(&later));
        assert_eq!(digest(&first).unwrap(), digest_of("same"));
        assert_eq!(digest("nothing of ours"), None);
    }

    #[test]
    fn torn_markers_are_set_anew() {
        let chain = mark(1);
        let torn = "text\n<!-- hotfix:begin -->\nold";
        let body = put(torn, &with("new", &chain));
        assert_eq!(body.matches("hotfix:begin").count(), 1);
        assert_eq!(ours(&body).as_deref(), Some("new"));
        assert!(body.starts_with("text\nold\n"), "{body}");
    }

    #[test]
    fn a_marker_in_a_title_does_no_harm() {
        let chain = mark(1);
        let text = "the end <!-- hotfix:end --> of it";
        let body = put("", &with(text, &chain));
        assert_eq!(digest(&body).unwrap(), digest_of(text));
        assert_eq!(put(&body, &with(text, &chain)), body);
    }
}
