//! New public interface, by line heuristics. A parser may replace
//! [`public_item`] without anything else noticing.

use super::lang::Lang;
use regex::Regex;
use std::sync::LazyLock;

/// A declaration that others can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What it is, e.g. `function`.
    pub(super) kind: String,
    /// Its name.
    pub(super) name: String,
}

/// The public item that a line declares, if it declares one.
pub(super) fn public_item(lang: Lang, line: &str) -> Option<Item> {
    let patterns: &[Regex] = match lang {
        Lang::Rust => &PATTERNS.rust,
        Lang::Python => &PATTERNS.python,
        Lang::Go => &PATTERNS.go,
        Lang::JavaScript => &PATTERNS.javascript,
        Lang::Java => &PATTERNS.java,
        _ => return None,
    };
    let found = patterns.iter().find_map(|pattern| pattern.captures(line))?;
    let name = found.name("name")?.as_str();
    if name == "main" {
        return None;
    }
    let kind = found.name("kind").map_or("method", |kind| kind.as_str());
    Some(Item { kind: kind.trim_end_matches('*').to_owned(), name: name.to_owned() })
}

struct Patterns {
    rust: Vec<Regex>,
    python: Vec<Regex>,
    go: Vec<Regex>,
    javascript: Vec<Regex>,
    java: Vec<Regex>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    rust: compile(&[
        r#"^\s*pub\s+(?:(?:async|unsafe|default|const|extern(?:\s+"[^"]*")?)\s+)*(?P<kind>fn|struct|enum|trait|type|mod|union|static|const)\s+(?:mut\s+)?(?P<name>[A-Za-z_]\w*)"#,
        r"^\s*pub\s+(?P<kind>use)\s+(?P<name>[^;]+)",
    ]),
    python: compile(&[
        r"^(?:async\s+)?(?P<kind>def|class)\s+(?P<name>[A-Za-z]\w*)",
        r"^(?: {4}|\t)(?:async\s+)?def\s+(?P<name>[A-Za-z]\w*)\s*\(\s*(?:self|cls)\b",
    ]),
    go: compile(&[
        r"^(?P<kind>func)\s+(?P<name>\p{Lu}\w*)",
        r"^func\s+\(\s*(?:\w+\s+)?\*?\p{Lu}\w*(?:\[[^\]]*\])?\s*\)\s*(?P<name>\p{Lu}\w*)",
        r"^(?P<kind>type|var|const)\s+(?P<name>\p{Lu}\w*)",
    ]),
    javascript: compile(&[
        r"^\s*export\s+(?:declare\s+)?(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?P<kind>function\*?|class|const|let|var|interface|type|enum)\s+(?P<name>[A-Za-z_$][\w$]*)",
        r"^\s*(?:module\.)?(?P<kind>exports)\.(?P<name>[A-Za-z_$][\w$]*)\s*=[^=]",
    ]),
    java: compile(&[
        r"^\s*public\s+(?:(?:static|final|abstract|sealed|strictfp)\s+)*(?P<kind>class|interface|enum|record|@interface)\s+(?P<name>\w+)",
        r"^\s*public\s+(?:(?:static|final|abstract|synchronized|default|native)\s+)*(?:<[^>]*>\s*)?[\w.<>\[\], ?]+\s+(?P<name>\w+)\s*\(",
    ]),
});

#[expect(clippy::expect_used, reason = "literal patterns, compiled by a test")]
fn compile(patterns: &[&str]) -> Vec<Regex> {
    patterns.iter().map(|pattern| Regex::new(pattern).expect("a literal pattern")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_by_language() {
        for (lang, line, expected) in [
            (Lang::Rust, "    pub async fn retry(&self) {", Some("retry")),
            (Lang::Rust, "pub const unsafe fn raw() {}", Some("raw")),
            (Lang::Rust, "pub const LIMIT: u32 = 3;", Some("LIMIT")),
            (Lang::Rust, "pub(crate) fn helper() {", None),
            (Lang::Rust, "fn private() {", None),
            (Lang::Rust, "// pub fn old() {", None),
            (Lang::Python, "def charge(order):", Some("charge")),
            (Lang::Python, "class Cart(Base):", Some("Cart")),
            (Lang::Python, "    def total(self) -> int:", Some("total")),
            (Lang::Python, "    def _total(self):", None),
            (Lang::Python, "def _helper():", None),
            (Lang::Python, "    def inner(x):", None),
            (Lang::Go, "func Charge(o Order) error {", Some("Charge")),
            (Lang::Go, "func (s *Server) Stop() {", Some("Stop")),
            (Lang::Go, "func (s *server) Stop() {", None),
            (Lang::Go, "func charge() {", None),
            (Lang::Go, "type Order struct {", Some("Order")),
            (Lang::JavaScript, "export async function pay() {", Some("pay")),
            (Lang::JavaScript, "export default class Cart {", Some("Cart")),
            (Lang::JavaScript, "module.exports.pay = pay;", Some("pay")),
            (Lang::JavaScript, "const pay = 1;", None),
            (Lang::Java, "  public static List<Order> open(int n) {", Some("open")),
            (Lang::Java, "public final class Cart {", Some("Cart")),
            (Lang::Java, "  private int n() {", None),
            (Lang::Java, "  public static void main(String[] a) {", None),
            (Lang::Shell, "pub fn x() {", None),
        ] {
            let found = public_item(lang, line).map(|item| item.name);
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }
}
