//! Which lines of a text are tests that stand beside the code: what Rust
//! compiles for its tests alone.

use super::{Language, Source, named};
use std::ops::RangeInclusive;
use tree_sitter::Node;

/// The lines (from 1) that belong to tests inside of a file that is none.
pub fn test_lines(source: &Source<'_>) -> Vec<RangeInclusive<u32>> {
    let mut out = Vec::new();
    if source.language == Language::Rust {
        of(source, source.root(), 0, &mut out);
    }
    out
}

fn of(source: &Source<'_>, node: Node<'_>, depth: usize, out: &mut Vec<RangeInclusive<u32>>) {
    let mut attributes: Option<(u32, bool)> = None;
    for child in named(node) {
        match child.kind() {
            "attribute_item" => {
                let test = is_test_attribute(source.text_of(child));
                let (first, before) = attributes.unwrap_or((super::line(child), false));
                attributes = Some((first, before || test));
            }
            "line_comment" | "block_comment" => {}
            kind => {
                if let Some((first, true)) = attributes {
                    let last = u32::try_from(child.end_position().row).unwrap_or(u32::MAX - 1) + 1;
                    out.push(first..=last);
                } else if matches!(kind, "mod_item" | "impl_item" | "declaration_list")
                    && depth < super::MAX_DEPTH
                {
                    of(source, child, depth + 1, out);
                }
                attributes = None;
            }
        }
    }
}

/// `#[cfg(test)]`, `#[cfg(all(test, unix))]`, `#[test]`, `#[tokio::test]`.
fn is_test_attribute(text: &str) -> bool {
    let inner: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let inner = inner.trim_start_matches("#[").trim_end_matches(']');
    if let Some(condition) = inner.strip_prefix("cfg(") {
        let words: Vec<&str> = condition.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        return words.contains(&"test") && !condition.contains("not(test") && !words.contains(&"any");
    }
    let name = inner.split('(').next().unwrap_or_default();
    matches!(name.rsplit("::").next(), Some("test" | "rstest" | "test_case" | "proptest" | "bench"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_functions_for_tests() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n\nimpl X {\n    #[tokio::test]\n    async fn c() {}\n    fn d() {}\n}\n#[cfg(not(test))]\nfn e() {}\n#[cfg(any(test, feature = \"x\"))]\nfn f() {}\n";
        let source = Source::parse(Language::Rust, text).unwrap();
        assert_eq!(test_lines(&source), [3..=6, 9..=10]);
    }
}
