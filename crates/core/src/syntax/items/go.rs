//! What Go offers: names that begin with a capital letter, outside of
//! `package main`.

use super::{Found, Kind, joined};
use crate::syntax::named;
use tree_sitter::Node;

/// The exported declarations of a file.
pub(super) fn declarations(found: &mut Found<'_, '_>) {
    let root = found.source.root();
    let package = named(root).into_iter().find(|node| node.kind() == "package_clause");
    if package.is_some_and(|node| found.source.text_of(node).ends_with(" main")) {
        return;
    }
    for node in named(root) {
        match node.kind() {
            "function_declaration" => function(found, node, ""),
            "method_declaration" => method(found, node),
            "type_declaration" => {
                for spec in named(node) {
                    of_type(found, spec);
                }
            }
            "const_declaration" | "var_declaration" => values(found, node),
            _ => {}
        }
    }
}

fn is_exported(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

fn function<'s>(found: &mut Found<'s, '_>, node: Node<'s>, outer: &str) {
    let Some(name) = found.source.field(node, "name").filter(|name| is_exported(name)) else { return };
    let signature = found.signature(node, &["type_parameters", "parameters", "result"]);
    found.add_with(Kind::Function, joined(outer, ".", name), node, signature);
}

fn method<'s>(found: &mut Found<'s, '_>, node: Node<'s>) {
    let receiver = found.source.field(node, "receiver").unwrap_or_default();
    // `(s *Server[T])`: the last word before the parameters of the type.
    let head = receiver.split('[').next().unwrap_or_default();
    let name = head.trim_end_matches(')').rsplit([' ', '*', '(']).next().unwrap_or_default();
    if is_exported(name) {
        function(found, node, name);
    }
}

fn of_type<'s>(found: &mut Found<'s, '_>, spec: Node<'s>) {
    let Some(name) = found.source.field(spec, "name").filter(|name| is_exported(name)) else { return };
    let name = name.to_owned();
    let Some(body) = spec.child_by_field_name("type") else { return };
    match body.kind() {
        "struct_type" => {
            found.add(Kind::Type, name.clone(), spec);
            for list in named(body) {
                for field in named(list) {
                    fields(found, field, &name);
                }
            }
        }
        "interface_type" => {
            found.add(Kind::Interface, name.clone(), spec);
            for member in named(body).into_iter().filter(|member| member.kind() == "method_elem") {
                function(found, member, &name);
            }
        }
        _ => {
            let signature = found.signature(spec, &["type"]);
            found.add_with(Kind::Alias, name, spec, signature);
        }
    }
}

fn fields<'s>(found: &mut Found<'s, '_>, field: Node<'s>, outer: &str) {
    let mut cursor = field.walk();
    let names: Vec<Node<'s>> = field.children_by_field_name("name", &mut cursor).collect();
    for name in names {
        let text = found.source.text_of(name);
        if is_exported(text) {
            let signature = found.signature(field, &["type"]);
            found.add_with(Kind::Field, joined(outer, ".", text), name, signature);
        }
    }
}

fn values<'s>(found: &mut Found<'s, '_>, node: Node<'s>) {
    let mut specs = Vec::new();
    for child in named(node) {
        if child.kind() == "var_spec_list" { specs.extend(named(child)) } else { specs.push(child) }
    }
    for spec in specs {
        let mut cursor = spec.walk();
        let names: Vec<Node<'s>> = spec.children_by_field_name("name", &mut cursor).collect();
        for name in names.into_iter().filter(|name| name.kind() == "identifier") {
            let text = found.source.text_of(name);
            if is_exported(text) {
                let signature = found.signature(spec, &["type"]);
                found.add_with(Kind::Value, text.to_owned(), name, signature);
            }
        }
    }
}
