//! What Python offers: names without a leading underscore at the top of a
//! module and in its classes; where there is `__all__`, it decides.

use super::{Found, Kind, joined};
use crate::syntax::{MAX_DEPTH, named};
use tree_sitter::Node;

/// The public declarations of a module.
pub(super) fn declarations(found: &mut Found<'_, '_>) {
    let root = found.source.root();
    let listed = listed(found, root);
    let mut module = Module { listed: listed.as_deref(), declared: Vec::new() };
    module.body(found, root, "", 0);
    let declared = module.declared;
    for (name, node) in listed.unwrap_or_default() {
        if !declared.contains(&name) {
            found.add(Kind::Reexport, name.to_owned(), node);
        }
    }
}

/// The names of `__all__`.
fn listed<'s>(found: &Found<'s, '_>, root: Node<'s>) -> Option<Vec<(&'s str, Node<'s>)>> {
    let mut out: Option<Vec<(&'s str, Node<'s>)>> = None;
    for statement in named(root) {
        let Some(node) = statement.named_child(0) else { continue };
        let assigns = matches!(node.kind(), "assignment" | "augmented_assignment");
        if !assigns || found.source.field(node, "left") != Some("__all__") {
            continue;
        }
        let list = node.child_by_field_name("right");
        for text in list.into_iter().flat_map(named).filter(|text| text.kind() == "string") {
            let name = found.source.text_of(text).trim_matches(['"', '\'']);
            out.get_or_insert_default().push((name, text));
        }
    }
    out
}

struct Module<'a, 's> {
    listed: Option<&'a [(&'s str, Node<'s>)]>,
    declared: Vec<&'s str>,
}

impl<'s> Module<'_, 's> {
    fn is_public(&self, name: &str, class: &str) -> bool {
        match self.listed {
            Some(listed) if class.is_empty() => listed.iter().any(|(other, _)| *other == name),
            _ => !name.starts_with('_') || name == "__init__" || name == "__call__",
        }
    }

    fn body(&mut self, found: &mut Found<'s, '_>, scope: Node<'s>, class: &str, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        for node in named(scope) {
            let node = match node.kind() {
                "decorated_definition" => node.child_by_field_name("definition").unwrap_or(node),
                _ => node,
            };
            match node.kind() {
                "function_definition" => self.function(found, node, class),
                "class_definition" => self.class(found, node, class, depth),
                "expression_statement" => self.assignment(found, node, class),
                // A name may depend on the platform or on what is installed.
                "if_statement" | "try_statement" | "else_clause" | "except_clause" | "block" => {
                    self.body(found, node, class, depth + 1);
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, found: &mut Found<'s, '_>, node: Node<'s>, class: &str) {
        let Some(name) = found.source.field(node, "name") else { return };
        if class.is_empty() {
            self.declared.push(name);
        }
        if !self.is_public(name, class) || name == "main" {
            return;
        }
        let signature = found.signature(node, &["parameters", "return_type"]);
        found.add_with(Kind::Function, joined(class, ".", name), node, signature);
    }

    fn class(&mut self, found: &mut Found<'s, '_>, node: Node<'s>, outer: &str, depth: usize) {
        let Some(name) = found.source.field(node, "name") else { return };
        if outer.is_empty() {
            self.declared.push(name);
        }
        if !self.is_public(name, outer) {
            return;
        }
        let name = joined(outer, ".", name);
        let signature = found.signature(node, &["superclasses"]);
        found.add_with(Kind::Type, name.clone(), node, signature);
        if let Some(body) = node.child_by_field_name("body") {
            self.body(found, body, &name, depth + 1);
        }
    }

    /// Annotated fields of classes, and constants of modules.
    fn assignment(&mut self, found: &mut Found<'s, '_>, statement: Node<'s>, class: &str) {
        let Some(node) = statement.named_child(0).filter(|node| node.kind() == "assignment") else { return };
        let Some(left) = node.child_by_field_name("left").filter(|left| left.kind() == "identifier") else {
            return;
        };
        let name = found.source.text_of(left);
        if class.is_empty() {
            self.declared.push(name);
        }
        if !self.is_public(name, class) {
            return;
        }
        let signature = found.signature(node, &["type"]);
        if class.is_empty() {
            let constant = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            if constant {
                found.add_with(Kind::Value, name.to_owned(), node, signature);
            }
        } else if !signature.is_empty() {
            found.add_with(Kind::Field, joined(class, ".", name), node, signature);
        }
    }
}
