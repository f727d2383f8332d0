//! What JavaScript and TypeScript offer: what is exported, and the members
//! of what is exported.

use super::{Found, Kind, joined};
use crate::syntax::{MAX_DEPTH, each, named};
use tree_sitter::Node;

/// The exports of a module.
pub(super) fn declarations(found: &mut Found<'_, '_>) {
    let root = found.source.root();
    for node in named(root) {
        match node.kind() {
            "export_statement" => export(found, node),
            "expression_statement" => common_js(found, node),
            _ => {}
        }
    }
}

fn export<'s>(found: &mut Found<'s, '_>, node: Node<'s>) {
    if let Some(declaration) = node.child_by_field_name("declaration") {
        return self::declaration(found, declaration, "", 0);
    }
    if let Some(value) = node.child_by_field_name("value") {
        return found.add(Kind::Value, "default".to_owned(), value);
    }
    for part in named(node) {
        match part.kind() {
            "export_clause" => {
                for specifier in named(part) {
                    let name = found
                        .source
                        .field(specifier, "alias")
                        .or_else(|| found.source.field(specifier, "name"));
                    if let Some(name) = name {
                        let handed = node.child_by_field_name("source").is_some();
                        let kind = if handed { Kind::Reexport } else { Kind::Value };
                        found.add(kind, name.to_owned(), specifier);
                    }
                }
            }
            "namespace_export" => found.add(Kind::Reexport, found.source.text_of(part).to_owned(), part),
            _ => {}
        }
    }
    let star = node.children(&mut node.walk()).any(|part| part.kind() == "*");
    if let (true, Some(from)) = (star, found.source.field(node, "source")) {
        found.add(Kind::Reexport, format!("* from {from}"), node);
    }
}

fn declaration<'s>(found: &mut Found<'s, '_>, node: Node<'s>, outer: &str, depth: usize) {
    if depth >= MAX_DEPTH {
        return;
    }
    let kind = match node.kind() {
        "function_declaration"
        | "generator_function_declaration"
        | "function_signature"
        | "function_expression" => Kind::Function,
        "class_declaration" | "abstract_class_declaration" | "class" | "enum_declaration" => Kind::Type,
        "interface_declaration" => Kind::Interface,
        "type_alias_declaration" => Kind::Alias,
        "internal_module" | "module" => Kind::Module,
        "lexical_declaration" | "variable_declaration" => return variables(found, node, outer),
        "ambient_declaration" => {
            return named(node).into_iter().for_each(|inner| declaration(found, inner, outer, depth + 1));
        }
        _ => return,
    };
    let name = joined(outer, ".", found.source.field(node, "name").unwrap_or("default"));
    let signature = match kind {
        Kind::Function => found.signature(node, &["type_parameters", "parameters", "return_type"]),
        Kind::Alias if !is_object(node) => found.signature(node, &["value"]),
        _ => String::new(),
    };
    found.add_with(kind, name.clone(), node, signature);
    match kind {
        Kind::Module => {
            for statement in node.child_by_field_name("body").into_iter().flat_map(named) {
                if let Some(inner) = statement.child_by_field_name("declaration") {
                    declaration(found, inner, &name, depth + 1);
                }
            }
        }
        Kind::Alias => {
            if let Some(body) = node.child_by_field_name("value").filter(|_| is_object(node)) {
                members(found, body, &name);
            }
        }
        _ => {
            if let Some(body) = node.child_by_field_name("body").filter(|_| kind != Kind::Function) {
                members(found, body, &name);
            }
        }
    }
}

fn is_object(alias: Node<'_>) -> bool {
    alias.child_by_field_name("value").is_some_and(|value| value.kind() == "object_type")
}

fn variables<'s>(found: &mut Found<'s, '_>, node: Node<'s>, outer: &str) {
    for declarator in named(node).into_iter().filter(|node| node.kind() == "variable_declarator") {
        let Some(name) = declarator.child_by_field_name("name") else { continue };
        let value = declarator.child_by_field_name("value");
        let callable = value.filter(|value| {
            matches!(value.kind(), "arrow_function" | "function_expression" | "generator_function")
        });
        if name.kind() != "identifier" {
            // `export const { a, b } = …`
            let mut names = Vec::new();
            each(name, &mut |part, _| {
                if matches!(part.kind(), "shorthand_property_identifier_pattern" | "identifier") {
                    names.push(part);
                }
            });
            for part in names {
                found.add(Kind::Value, joined(outer, ".", found.source.text_of(part)), part);
            }
            continue;
        }
        let text = joined(outer, ".", found.source.text_of(name));
        if let Some(function) = callable {
            let signature =
                found.signature(function, &["type_parameters", "parameters", "parameter", "return_type"]);
            found.add_with(Kind::Function, text, declarator, signature);
        } else {
            let signature = found.signature(declarator, &["type"]);
            found.add_with(Kind::Value, text, declarator, signature);
        }
    }
}

/// The public members of a class, interface, object type or enum.
fn members<'s>(found: &mut Found<'s, '_>, body: Node<'s>, outer: &str) {
    for member in named(body) {
        let kind = match member.kind() {
            "method_definition" | "method_signature" | "abstract_method_signature" => Kind::Function,
            "property_signature"
            | "public_field_definition"
            | "field_definition"
            | "enum_assignment"
            | "property_identifier" => Kind::Field,
            _ => continue,
        };
        let name = member
            .child_by_field_name("name")
            .or_else(|| member.child_by_field_name("property"))
            .or((member.kind() == "property_identifier").then_some(member));
        let Some(name) = name.filter(|name| name.kind() != "private_property_identifier") else { continue };
        let access = named(member).into_iter().find(|part| part.kind() == "accessibility_modifier");
        if access.is_some_and(|part| found.source.text_of(part) != "public") {
            continue;
        }
        let text = found.source.text_of(name).trim_matches(['"', '\'']);
        if text.starts_with('_') {
            continue;
        }
        let fields = ["type_parameters", "parameters", "return_type", "type"];
        let signature = found.signature(member, &fields);
        found.add_with(kind, joined(outer, ".", text), member, signature);
    }
}

/// `module.exports = { a }`, `module.exports.a = …` and `exports.a = …`.
fn common_js<'s>(found: &mut Found<'s, '_>, statement: Node<'s>) {
    let Some(node) = statement.named_child(0).filter(|node| node.kind() == "assignment_expression") else {
        return;
    };
    let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    else {
        return;
    };
    let target: String = found.source.text_of(left).split_whitespace().collect();
    if target == "module.exports" {
        if right.kind() != "object" {
            return found.add(Kind::Value, "module.exports".to_owned(), node);
        }
        for part in named(right) {
            let name = match part.kind() {
                "shorthand_property_identifier" => Some(part),
                "pair" => part.child_by_field_name("key"),
                "method_definition" => part.child_by_field_name("name"),
                _ => None,
            };
            if let Some(name) = name {
                found.add(Kind::Value, found.source.text_of(name).trim_matches(['"', '\'']).to_owned(), part);
            }
        }
        return;
    }
    let name = target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."));
    if let Some(name) = name.filter(|name| !name.contains(['.', '['])) {
        let kind = if right.kind().contains("function") { Kind::Function } else { Kind::Value };
        let signature = found.signature(right, &["parameters", "parameter"]);
        found.add_with(kind, name.to_owned(), node, signature);
    }
}
