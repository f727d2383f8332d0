//! Source code read by tree-sitter: its tokens, its comments, its tests, and
//! what others can use of it, for Rust, Python, Go, JavaScript and TypeScript.
//!
//! The grammars are C, compiled in; they read a text from memory and nothing
//! else. A text that is too large, takes too long or is of no language known
//! here gives none, and whoever asked falls back to what lines tell. Half
//! written code is read as far as it can be.

mod items;
mod tests_of;
mod tokens;

pub use items::{Item, Kind, items};
pub use tests_of::test_lines;
pub use tokens::{Token, TokenKind, tokens};

use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

/// Larger texts are not read: nobody writes them by hand.
const MAX_BYTES: usize = 768 * 1024;

/// The parser asks so many times whether to go on, once every hundred steps
/// of its own; then the text counts as unreadable.
const MAX_ASKED: usize = 400_000;

/// Declarations nested deeper than this are nobody's interface.
const MAX_DEPTH: usize = 24;

/// A language that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// Go.
    Go,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
}

impl Language {
    /// The language of a path, by the end of its name.
    pub fn of(path: &str) -> Option<Language> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Some(match name.rsplit_once('.')?.1 {
            "rs" => Language::Rust,
            "py" | "pyi" => Language::Python,
            "go" => Language::Go,
            "js" | "jsx" | "mjs" | "cjs" => Language::JavaScript,
            "ts" | "mts" | "cts" => Language::TypeScript,
            "tsx" => Language::Tsx,
            _ => return None,
        })
    }

    fn grammar(self) -> tree_sitter::Language {
        match self {
            Language::Rust => tree_sitter_rust::LANGUAGE.into(),
            Language::Python => tree_sitter_python::LANGUAGE.into(),
            Language::Go => tree_sitter_go::LANGUAGE.into(),
            Language::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        }
    }

    /// JavaScript in one of its forms.
    fn is_script(self) -> bool {
        matches!(self, Language::JavaScript | Language::TypeScript | Language::Tsx)
    }
}

/// A text with its syntax tree.
pub struct Source<'t> {
    text: &'t str,
    tree: Tree,
    language: Language,
}

impl<'t> Source<'t> {
    /// Reads a text; none where it is too large or takes too long.
    pub fn parse(language: Language, text: &'t str) -> Option<Source<'t>> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parser = Parser::new();
        parser.set_language(&language.grammar()).ok()?;
        let mut asked = 0usize;
        let mut go_on = |_: &tree_sitter::ParseState| {
            asked += 1;
            if asked > MAX_ASKED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let bytes = text.as_bytes();
        let options = ParseOptions::new().progress_callback(&mut go_on);
        let tree = parser.parse_with_options(
            &mut |at, _| bytes.get(at..).unwrap_or_default(),
            None,
            Some(options),
        )?;
        Some(Source { text, tree, language })
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether a part of it is not of its language.
    pub fn has_errors(&self) -> bool {
        self.tree.root_node().has_error()
    }

    fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    fn text_of(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text of a node's field.
    fn field(&self, node: Node<'_>, name: &str) -> Option<&'t str> {
        node.child_by_field_name(name).map(|child| self.text_of(child))
    }
}

/// The line of a node, from 1.
fn line(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX - 1) + 1
}

/// The column of a node in bytes, from 1.
fn column(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().column).unwrap_or(u32::MAX - 1) + 1
}

/// The children of a node with a name of their own in the grammar.
fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}

/// Every node of a tree, parents before their children, with its depth. No
/// recursion: what is read may be nested without end.
fn each<'n>(root: Node<'n>, visit: &mut dyn FnMut(Node<'n>, usize)) {
    let mut cursor: TreeCursor<'n> = root.walk();
    let mut depth = 0;
    loop {
        visit(cursor.node(), depth);
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() || depth == 0 {
                return;
            }
            depth -= 1;
        }
        if depth == 0 {
            return;
        }
    }
}
