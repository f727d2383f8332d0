//! New public interface by line heuristics, for languages whose grammar is
//! not built in. Where a line alone cannot tell whether others may use what
//! it declares (a method of Ruby, a function of C), nothing is claimed.

use super::super::lang::{Lang, extension};
use regex::Regex;
use std::sync::LazyLock;

/// A declaration that others can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What it is, e.g. `function`.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: String,
}

/// The public item that a line of a file declares, if it declares one.
pub(super) fn public_item(path: &str, line: &str) -> Option<Item> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let patterns: &[Regex] = match (Lang::of(path), extension(name)) {
        (Lang::Java, _) => &PATTERNS.java,
        (_, "php") => &PATTERNS.php,
        (_, "cs") => &PATTERNS.csharp,
        (_, "kt" | "kts") => &PATTERNS.kotlin,
        (_, "swift") => &PATTERNS.swift,
        (_, "dart") => &PATTERNS.dart,
        (Lang::Ruby, _) => &PATTERNS.ruby,
        (_, "ex") => &PATTERNS.elixir,
        (_, "scala") => &PATTERNS.scala,
        _ => return None,
    };
    let found = patterns.iter().find_map(|pattern| pattern.captures(line))?;
    let name = found.name("name")?.as_str();
    if matches!(name, "main" | "on") || name.starts_with('_') {
        return None;
    }
    let kind = match found.name("kind").map_or("function", |kind| kind.as_str()) {
        "class" | "record" | "struct" | "enum" | "object" | "mixin" | "case class" => "type",
        "interface" | "trait" | "protocol" | "@interface" => "interface",
        "module" | "namespace" | "defmodule" | "extension" => "module",
        "const" => "constant",
        _ => "function",
    };
    Some(Item { kind, name: name.to_owned() })
}

struct Patterns {
    java: Vec<Regex>,
    php: Vec<Regex>,
    csharp: Vec<Regex>,
    kotlin: Vec<Regex>,
    swift: Vec<Regex>,
    dart: Vec<Regex>,
    ruby: Vec<Regex>,
    elixir: Vec<Regex>,
    scala: Vec<Regex>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    java: compile(&[
        r"^\s*public\s+(?:(?:static|final|abstract|sealed|strictfp)\s+)*(?P<kind>class|interface|enum|record|@interface)\s+(?P<name>\w+)",
        r"^\s*public\s+(?:(?:static|final|abstract|synchronized|default|native)\s+)*(?:<[^>]*>\s*)?[\w.<>\[\], ?]+\s+(?P<name>\w+)\s*\(",
    ]),
    php: compile(&[
        r"^(?:(?:abstract|final|readonly)\s+)*(?P<kind>class|interface|trait|enum)\s+(?P<name>\w+)",
        r"^\s+(?:(?:abstract|final|static)\s+)*public\s+(?:static\s+)?function\s+&?(?P<name>[A-Za-z]\w*)",
        r"^\s+(?:final\s+)?public\s+(?P<kind>const)\s+(?:\w+\s+)?(?P<name>\w+)\s*=",
    ]),
    csharp: compile(&[
        r"^\s*public\s+(?:(?:static|sealed|abstract|partial|readonly|ref)\s+)*(?P<kind>class|interface|enum|record|struct)\s+(?P<name>\w+)",
        r"^\s*public\s+(?:(?:static|virtual|abstract|async|sealed|new|extern|unsafe)\s+)*[\w.<>\[\],? ]+\s+(?P<name>\w+)\s*(?:<[^>]*>)?\s*\(",
    ]),
    kotlin: compile(&[
        r"^(?:(?:public|open|abstract|data|sealed|inline|value|annotation|fun)\s+)*(?P<kind>class|interface|object)\s+(?P<name>\w+)",
        r"^(?:(?:public|inline|suspend|operator|infix|tailrec)\s+)*fun\s+(?:<[^>]*>\s*)?(?:[\w.<>]+\.)?(?P<name>\w+)\s*\(",
    ]),
    swift: compile(&[
        r"^\s*(?:public|open)\s+(?:(?:final|static|class|mutating|override|convenience)\s+)*(?P<kind>class|struct|enum|protocol|func|extension)\s+(?P<name>\w+)",
    ]),
    dart: compile(&[
        r"^(?:(?:abstract|base|final|sealed|interface)\s+)*(?P<kind>class|mixin|enum|extension)\s+(?P<name>[A-Za-z]\w*)",
    ]),
    ruby: compile(&[
        r"^\s*(?P<kind>class|module)\s+(?P<name>[A-Z]\w*)",
        r"^\s*def\s+self\.(?P<name>\w+[?!=]?)",
    ]),
    elixir: compile(&[r"^\s*(?P<kind>defmodule)\s+(?P<name>[\w.]+)", r"^\s*defmacro\s+(?P<name>\w+[?!]?)"]),
    scala: compile(&[
        r"^\s*(?:(?:final|abstract|sealed|implicit)\s+)*(?P<kind>case class|class|trait|object)\s+(?P<name>\w+)",
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
        for (path, line, expected) in [
            ("A.java", "  public static List<Order> open(int n) {", Some("function open")),
            ("A.java", "public final class Cart {", Some("type Cart")),
            ("A.java", "  private int n() {", None),
            ("A.java", "  public static void main(String[] a) {", None),
            ("A.php", "    public static function open(int $n): array", Some("function open")),
            ("A.php", "final class Cart implements Payable", Some("type Cart")),
            ("A.php", "    private function n(): void", None),
            ("A.cs", "    public async Task<Order> OpenAsync(int n)", Some("function OpenAsync")),
            ("A.cs", "public sealed record Cart(int Total);", Some("type Cart")),
            ("A.cs", "    internal void N()", None),
            ("a.kt", "suspend fun Order.open(n: Int): Int {", Some("function open")),
            ("a.kt", "private fun n() {}", None),
            ("a.swift", "public func open() -> Int {", Some("function open")),
            ("a.swift", "func near() {}", None),
            ("a.dart", "class Cart extends Base {", Some("type Cart")),
            ("a.dart", "class _Cart {", None),
            ("a.rb", "  class Cart < Base", Some("type Cart")),
            ("a.rb", "    def self.open(n)", Some("function open")),
            ("a.rb", "    def total", None),
            ("a.ex", "  defmodule Shop.Cart do", Some("module Shop.Cart")),
            ("a.scala", "case class Cart(total: Int)", Some("type Cart")),
            ("a.sh", "public class x() {}", None),
            ("a.rs", "pub fn x() {}", None),
        ] {
            let found = public_item(path, line).map(|item| format!("{} {}", item.kind, item.name));
            assert_eq!(found.as_deref(), expected, "{path}: {line}");
        }
    }
}
