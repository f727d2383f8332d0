//! What Rust offers: `pub`, and nothing between it and the file that is not.

use super::{Found, Kind, joined};
use crate::syntax::{MAX_DEPTH, named};
use std::collections::BTreeSet;
use tree_sitter::Node;

/// The public declarations of a file.
pub(super) fn declarations(found: &mut Found<'_, '_>) {
    let root = found.source.root();
    let hidden = hidden_types(found, root);
    Walk { hidden }.scope(found, root, "", 0);
}

/// The types that the file declares for itself alone.
fn hidden_types<'s>(found: &Found<'s, '_>, root: Node<'s>) -> BTreeSet<&'s str> {
    let mut hidden = BTreeSet::new();
    for node in named(root) {
        if matches!(node.kind(), "struct_item" | "enum_item" | "union_item" | "trait_item" | "type_item")
            && !is_public(found, node)
            && let Some(name) = found.source.field(node, "name")
        {
            hidden.insert(name);
        }
    }
    hidden
}

/// `pub` and not `pub(crate)`.
fn is_public<'s>(found: &Found<'s, '_>, node: Node<'s>) -> bool {
    let is = |child: &Node<'s>| child.kind() == "visibility_modifier";
    named(node).iter().find(|child| is(child)).is_some_and(|child| found.source.text_of(*child) == "pub")
}

struct Walk<'s> {
    hidden: BTreeSet<&'s str>,
}

impl<'s> Walk<'s> {
    fn scope(&self, found: &mut Found<'s, '_>, scope: Node<'s>, outer: &str, depth: usize) {
        let mut attributes = Vec::new();
        for node in named(scope) {
            match node.kind() {
                "attribute_item" => attributes.push(found.source.text_of(node)),
                "line_comment" | "block_comment" => {}
                _ => {
                    let skipped = attributes.iter().any(|a| {
                        let a: String = a.chars().filter(|c| !c.is_whitespace()).collect();
                        a.contains("cfg(test)") || a.contains("doc(hidden)") || a.starts_with("#[test]")
                    });
                    if !skipped && depth < MAX_DEPTH {
                        self.item(found, node, &Around { outer, attributes: &attributes, depth });
                    }
                    attributes.clear();
                }
            }
        }
    }

    fn item(&self, found: &mut Found<'s, '_>, node: Node<'s>, around: &Around<'_, 's>) {
        let kind = match node.kind() {
            "impl_item" => return self.implementation(found, node, around.depth),
            "macro_definition" => {
                if around.attributes.iter().any(|a| a.contains("macro_export")) {
                    let name = found.source.field(node, "name").unwrap_or_default();
                    found.add(Kind::Macro, format!("{name}!"), node);
                }
                return;
            }
            _ if !is_public(found, node) => return,
            "use_declaration" => return reexports(found, node),
            "function_item" | "function_signature_item" => Kind::Function,
            "struct_item" | "enum_item" | "union_item" => Kind::Type,
            "trait_item" => Kind::Interface,
            "type_item" => Kind::Alias,
            "const_item" | "static_item" => Kind::Value,
            "mod_item" => Kind::Module,
            _ => return,
        };
        let Some(name) = found.source.field(node, "name") else { return };
        if kind == Kind::Function && name == "main" && around.outer.is_empty() {
            return;
        }
        let name = joined(around.outer, "::", name);
        let signature = match kind {
            Kind::Function => found.signature(node, &["type_parameters", "parameters", "return_type"]),
            Kind::Alias | Kind::Value => found.signature(node, &["type"]),
            _ => String::new(),
        };
        found.add_with(kind, name.clone(), node, signature);
        let Some(body) = node.child_by_field_name("body") else { return };
        match kind {
            Kind::Module => self.scope(found, body, &name, around.depth + 1),
            Kind::Interface => members(found, body, &name),
            Kind::Type => fields(found, body, &name),
            _ => {}
        }
    }

    /// The public methods of a type; those of a trait belong to the trait.
    fn implementation(&self, found: &mut Found<'s, '_>, node: Node<'s>, depth: usize) {
        if node.child_by_field_name("trait").is_some() {
            return;
        }
        let Some(of) = node.child_by_field_name("type") else { return };
        let name = of.child_by_field_name("type").unwrap_or(of);
        let name = found.source.text_of(name);
        if self.hidden.contains(name) {
            return;
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.scope(found, body, name, depth + 1);
        }
    }
}

struct Around<'a, 's> {
    outer: &'a str,
    attributes: &'a [&'s str],
    depth: usize,
}

/// What a public trait asks for.
fn members<'s>(found: &mut Found<'s, '_>, body: Node<'s>, outer: &str) {
    for node in named(body) {
        let kind = match node.kind() {
            "function_item" | "function_signature_item" => Kind::Function,
            "associated_type" => Kind::Alias,
            "const_item" => Kind::Value,
            _ => continue,
        };
        let Some(name) = found.source.field(node, "name") else { continue };
        let signature = found.signature(node, &["type_parameters", "parameters", "return_type"]);
        found.add_with(kind, joined(outer, "::", name), node, signature);
    }
}

/// The public fields of a struct, and the variants of an enum.
fn fields<'s>(found: &mut Found<'s, '_>, body: Node<'s>, outer: &str) {
    for node in named(body) {
        let public = match node.kind() {
            "enum_variant" => true,
            "field_declaration" => is_public(found, node),
            _ => false,
        };
        if let (true, Some(name)) = (public, found.source.field(node, "name")) {
            let signature = found.signature(node, &["type", "body"]);
            found.add_with(Kind::Field, joined(outer, "::", name), node, signature);
        }
    }
}

/// The names that a `pub use` hands on.
fn reexports<'s>(found: &mut Found<'s, '_>, node: Node<'s>) {
    let Some(argument) = node.child_by_field_name("argument") else { return };
    let mut names = Vec::new();
    crate::syntax::each(argument, &mut |part, _| {
        let parent = part.parent().map_or("", |parent| parent.kind());
        let leaf = match part.kind() {
            "identifier" | "self" => {
                !matches!(parent, "scoped_identifier" | "use_as_clause" | "scoped_use_list" | "use_wildcard")
            }
            "scoped_identifier" => {
                !matches!(parent, "scoped_identifier" | "use_as_clause" | "scoped_use_list" | "use_wildcard")
            }
            "use_as_clause" | "use_wildcard" => true,
            _ => false,
        };
        if leaf {
            let name = match part.kind() {
                "use_as_clause" => found.source.field(part, "alias"),
                "scoped_identifier" => found.source.field(part, "name"),
                _ => Some(found.source.text_of(part)),
            };
            names.extend(name.map(str::to_owned));
        }
    });
    for name in names {
        found.add(Kind::Reexport, name, node);
    }
}
