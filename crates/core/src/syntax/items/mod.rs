//! What others can use of a text: its public declarations, and what it takes
//! from outside (routes, flags of the command line, settings).

mod calls;
mod go;
mod parameters;
mod python;
mod rust;
mod script;

use super::{Language, Source, column, line};
use tree_sitter::Node;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A function, or a method.
    Function,
    /// A class, struct, enum, union or record.
    Type,
    /// A trait or interface.
    Interface,
    /// Another name for a type.
    Alias,
    /// A constant or variable.
    Value,
    /// A field, property or variant of a type.
    Field,
    /// A module.
    Module,
    /// A macro.
    Macro,
    /// Something of elsewhere that is handed on.
    Reexport,
    /// A route of a server.
    Route,
    /// A flag or option of the command line.
    Flag,
    /// A variable of the environment, or a key of the configuration.
    Setting,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Function => "function",
            Kind::Type => "type",
            Kind::Interface => "interface",
            Kind::Alias => "type alias",
            Kind::Value => "constant",
            Kind::Field => "field",
            Kind::Module => "module",
            Kind::Macro => "macro",
            Kind::Reexport => "re-export",
            Kind::Route => "route",
            Kind::Flag => "command-line flag",
            Kind::Setting => "setting",
        }
    }

    /// Whether it is taken from outside rather than offered to other code.
    pub fn from_outside(self) -> bool {
        matches!(self, Kind::Route | Kind::Flag | Kind::Setting)
    }
}

/// Something that others can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name, after that of the type or module around it: `Cart::total`.
    pub name: String,
    /// How it is used: parameters and results, without layout.
    pub signature: String,
    /// The names of its parameters, where it takes any.
    pub parameters: Vec<String>,
    /// Its line, from 1.
    pub line: u32,
    /// Its last line, from 1.
    pub last: u32,
    /// Its column in bytes, from 1.
    pub column: u32,
}

/// Everything that a text offers to others, in its order.
pub fn items(source: &Source<'_>) -> Vec<Item> {
    let mut found = Found { source, items: Vec::new() };
    match source.language {
        Language::Rust => rust::declarations(&mut found),
        Language::Python => python::declarations(&mut found),
        Language::Go => go::declarations(&mut found),
        _ => script::declarations(&mut found),
    }
    calls::all(&mut found);
    found.items
}

/// What was found so far.
struct Found<'s, 't> {
    source: &'s Source<'t>,
    items: Vec<Item>,
}

impl<'s> Found<'s, '_> {
    fn add(&mut self, kind: Kind, name: String, node: Node<'s>) {
        self.add_with(kind, name, node, String::new());
    }

    fn add_with(&mut self, kind: Kind, name: String, node: Node<'s>, signature: String) {
        let last = u32::try_from(node.end_position().row).unwrap_or(u32::MAX - 1) + 1;
        let parameters = parameters::names(self.source, node);
        let (line, column) = (line(node), column(node));
        self.items.push(Item { kind, name, signature, parameters, line, last, column });
    }

    /// The fields of a node as one text without layout or comments.
    fn signature(&self, node: Node<'s>, fields: &[&str]) -> String {
        let mut words: Vec<&str> = Vec::new();
        let mut comment = 0;
        for field in fields.iter().filter_map(|field| node.child_by_field_name(field)) {
            super::each(field, &mut |leaf, _| {
                if leaf.kind().ends_with("comment") {
                    comment = leaf.end_byte();
                }
                if leaf.child_count() == 0 && leaf.start_byte() >= comment {
                    let text = self.source.text_of(leaf);
                    if matches!(text, ")" | "]" | "}") && words.last() == Some(&",") {
                        words.pop();
                    }
                    words.push(text);
                }
            });
        }
        words.join(" ")
    }
}

/// `outer` and `name`, joined as the language writes it.
fn joined(outer: &str, mark: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}{mark}{name}") }
}

#[cfg(test)]
mod tests;
