//! The tokens of a text, in which layout no longer shows: two texts with the
//! same tokens at the same depths are the same program, laid out otherwise.

use super::{Language, Source, each};
use tree_sitter::Node;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'t> {
    /// Its text, with the choices of layout taken out (quotes, line breaks in comments stay).
    pub text: &'t str,
    /// Its first line, from 1.
    pub line: u32,
    /// Its last line, from 1.
    pub last: u32,
    /// How many blocks are around it.
    pub depth: u32,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word or sign of the program.
    Code,
    /// A text in quotes.
    Text,
    /// A comment, or a text that documents.
    Comment,
}

/// The tokens of a text. Commas before a closing bracket, semicolons that
/// end a line of a script, and the kind of quotes do not show.
pub fn tokens<'t>(source: &Source<'t>) -> Vec<Token<'t>> {
    let mut out: Vec<Token<'t>> = Vec::new();
    let mut blocks: Vec<usize> = Vec::new();
    let mut whole: Option<usize> = None;
    each(source.root(), &mut |node, depth| {
        while blocks.last().is_some_and(|open| *open >= depth) {
            blocks.pop();
        }
        if whole.is_some_and(|open| depth > open) {
            return;
        }
        whole = None;
        let kind = kind(node, source.language);
        if kind != TokenKind::Code {
            whole = Some(depth);
        } else if node.child_count() > 0 {
            if is_block(node) {
                blocks.push(depth);
            }
            return;
        }
        let text = source.text_of(node);
        if text.trim().is_empty() {
            return;
        }
        let last = u32::try_from(node.end_position().row).unwrap_or(u32::MAX - 1) + 1;
        // A comment to the end of its line ends at the beginning of the next.
        let last = if node.end_position().column == 0 { last.saturating_sub(1) } else { last };
        let line = super::line(node);
        let depth = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        let quotes_are_free = source.language == Language::Python || source.language.is_script();
        let text = if kind == TokenKind::Text && quotes_are_free { plain(text) } else { text };
        push(&mut out, Token { text, line, last: last.max(line), depth, kind }, source.language);
    });
    out
}

fn push<'t>(out: &mut Vec<Token<'t>>, token: Token<'t>, language: Language) {
    if token.kind == TokenKind::Code
        && matches!(token.text, ")" | "]" | "}" | ">")
        && out.last().is_some_and(|last| last.text == ",")
    {
        // `(1,)` is no `(1)`: a comma stays where it makes a tuple.
        let tuple = language == Language::Python && token.text == ")" || language == Language::Rust;
        let alone = tuple && !out.iter().rev().skip(1).take_while(|t| t.text != "(").any(|t| t.text == ",");
        if !alone {
            out.pop();
        }
    }
    if token.text == ";" && (language.is_script() || language == Language::Go) {
        return;
    }
    out.push(token);
}

fn kind(node: Node<'_>, language: Language) -> TokenKind {
    match node.kind() {
        "comment" | "line_comment" | "block_comment" | "html_comment" => TokenKind::Comment,
        // Python's documentation is a text that stands alone as a statement.
        "expression_statement" if language == Language::Python && node.child_count() == 1 => {
            let text = |child: Node<'_>| matches!(child.kind(), "string" | "concatenated_string");
            if node.named_child(0).is_some_and(text) { TokenKind::Comment } else { TokenKind::Code }
        }
        // A text with something computed in it is several tokens.
        "string"
        | "string_literal"
        | "raw_string_literal"
        | "interpreted_string_literal"
        | "char_literal"
            if !has_part(node, "interpolation") =>
        {
            TokenKind::Text
        }
        _ => TokenKind::Code,
    }
}

fn has_part(node: Node<'_>, kind: &str) -> bool {
    super::named(node).iter().any(|child| child.kind() == kind)
}

fn is_block(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "block"
            | "statement_block"
            | "statement_list"
            | "declaration_list"
            | "field_declaration_list"
            | "enum_variant_list"
            | "match_block"
            | "class_body"
            | "object"
            | "switch_body"
    )
}

/// A text in the other quotes is the same text, if it has no quote of its own.
fn plain(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match inner('\'').or_else(|| inner('"')) {
        Some(inside) if !inside.contains(['\'', '"', '\\', '`']) => inside,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(language: Language, text: &str) -> Vec<(String, TokenKind, u32)> {
        let source = Source::parse(language, text).unwrap();
        let all = tokens(&source);
        all.into_iter()
            .filter(|t| t.kind != TokenKind::Comment)
            .map(|t| (t.text.to_owned(), t.kind, t.depth))
            .collect()
    }

    #[test]
    fn layout_does_not_show() {
        for (language, one, other) in [
            (
                Language::Rust,
                "fn a() { call(b, c); }",
                "fn a() {\n    call(\n        b,\n        c,\n    );\n}",
            ),
            (Language::Python, "x = f('ab', 2)\n", "x = f(\n    \"ab\",\n    2,\n)\n"),
            (Language::Go, "package a\nfunc b() { c() ; d() }", "package a\n\nfunc b() {\n\tc()\n\td()\n}\n"),
            (Language::JavaScript, "a('b'); c()", "a(\"b\")\nc();\n"),
            (Language::TypeScript, "const a: B = { c: 1 }", "const a: B = {\n  c: 1,\n};"),
            (Language::Rust, "fn a() { 1 } // one", "/* two */ fn a() { 1 }"),
            (
                Language::Python,
                "def f():\n    'old'\n    return 1\n",
                "def f():\n    \"\"\"New.\"\"\"\n    # why\n    return 1\n",
            ),
        ] {
            assert_eq!(seen(language, one), seen(language, other), "{one}");
        }
    }

    #[test]
    fn what_changes_the_program_shows() {
        for (language, one, other) in [
            (Language::Rust, "fn a() { let x = (1,); }", "fn a() { let x = (1); }"),
            (Language::Rust, "fn a() { b(\"c  d\"); }", "fn a() { b(\"c d\"); }"),
            (Language::Python, "x = (1,)\n", "x = (1)\n"),
            (Language::Python, "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"),
            (Language::Python, "x = 'it''s'\n", "x = 'its'\n"),
            (Language::JavaScript, "if (a) { b() }", "if (a) b()"),
            (Language::JavaScript, "a = 'x'", "a = x"),
            (Language::Go, "package a\nfunc b() { if c { d() } }", "package a\nfunc b() { d() }"),
        ] {
            assert_ne!(seen(language, one), seen(language, other), "{one}");
        }
    }
}
