//! The names of a function's parameters.

use crate::syntax::{Source, each, named};
use tree_sitter::Node;

/// The parameters of a declaration; those of what a variable holds, too.
pub(super) fn names(source: &Source<'_>, node: Node<'_>) -> Vec<String> {
    let of = |node: Node<'_>| node.child_by_field_name("parameters").map(|list| in_list(source, list));
    of(node).or_else(|| node.child_by_field_name("value").and_then(of)).unwrap_or_default()
}

fn in_list(source: &Source<'_>, list: Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for parameter in named(list) {
        match parameter.kind() {
            "self_parameter" | "comment" | "line_comment" | "block_comment" => {}
            "identifier" => out.push(source.text_of(parameter).to_owned()),
            "parameter_declaration" | "variadic_parameter_declaration" => {
                let mut cursor = parameter.walk();
                let names = parameter.children_by_field_name("name", &mut cursor);
                out.extend(names.map(|name| source.text_of(name).to_owned()));
            }
            _ => {
                let fields = ["pattern", "name", "left"];
                let name = fields.iter().find_map(|field| parameter.child_by_field_name(field));
                spread(source, name.unwrap_or(parameter), &mut out);
            }
        }
    }
    out.retain(|name| name != "self" && name != "cls" && name != "_" && name != "this");
    out
}

/// The names of a pattern: `{ a, b: c = 1 }` are `a` and `b`.
fn spread(source: &Source<'_>, pattern: Node<'_>, out: &mut Vec<String>) {
    if !pattern.kind().contains("pattern") {
        let first = named(pattern).into_iter().find(|part| part.kind() == "identifier");
        let name = if pattern.kind() == "identifier" { Some(pattern) } else { first };
        return out.extend(name.map(|name| source.text_of(name).to_owned()));
    }
    each(pattern, &mut |part, _| {
        let of_pattern = part.parent().is_some_and(|parent| parent.kind().contains("pattern"));
        if matches!(
            part.kind(),
            "identifier" | "shorthand_property_identifier_pattern" | "property_identifier"
        ) && of_pattern
        {
            out.push(source.text_of(part).to_owned());
        }
    });
}
