//! What a program takes from outside, by the calls and decorators that say
//! so in the libraries that most projects use: routes of a server, flags of
//! the command line, variables of the environment, keys of a configuration.

use super::{Found, Kind};
use crate::syntax::{Language, each, named};
use tree_sitter::Node;

/// Everything of the kind in a text.
pub(super) fn all<'s>(found: &mut Found<'s, '_>) {
    let root = found.source.root();
    let mut seen: Vec<(Kind, String, Node<'s>)> = Vec::new();
    each(root, &mut |node, _| one(found, node, &mut seen));
    for (kind, name, node) in seen {
        // What cargo sets for a build is nobody's setting.
        if !(name.starts_with("CARGO_") || name == "OUT_DIR") {
            found.add(kind, name, node);
        }
    }
}

type Seen<'s> = Vec<(Kind, String, Node<'s>)>;

fn one<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    match (found.source.language(), node.kind()) {
        (Language::Rust, "attribute_item") => attribute(found, node, seen),
        (Language::Rust, "macro_invocation") => {
            let name = found.source.field(node, "macro");
            if matches!(name, Some("env" | "option_env"))
                && let Some(text) = first_text(found, node)
            {
                seen.push((Kind::Setting, text.to_owned(), node));
            }
        }
        (Language::Go, "composite_literal") => go_flag(found, node, seen),
        (_, "call_expression" | "call") => call(found, node, seen),
        (Language::Python, "subscript") => {
            let of_environment =
                found.source.field(node, "value").is_some_and(|value| value.ends_with("environ"));
            if of_environment && let Some(text) = first_text(found, node) {
                seen.push((Kind::Setting, text.to_owned(), node));
            }
        }
        (language, "member_expression" | "subscript_expression") if language.is_script() => {
            script_environment(found, node, seen);
        }
        (_, "pair") => flag_of_table(found, node, seen),
        _ => {}
    }
}

/// `"name": ["-m", "--message"]` in a table that describes the command line.
fn flag_of_table<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    let key = found.source.field(node, "key").unwrap_or_default().trim_matches(['"', '\'']);
    if !matches!(key, "name" | "flag" | "flags" | "option") {
        return;
    }
    let Some(value) = node.child_by_field_name("value") else { return };
    let texts = if matches!(value.kind(), "list" | "array") { named(value) } else { vec![value] };
    for name in texts.into_iter().filter_map(|part| text(found, part)) {
        if name.starts_with("--") && name.len() > 3 {
            seen.push((Kind::Flag, long(name).to_owned(), node));
        }
    }
}

fn call<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    let Some(function) = found.source.field(node, "function") else { return };
    let Some(arguments) = node.child_by_field_name("arguments") else { return };
    let method = function.rsplit(['.', ':']).next().unwrap_or_default();
    let given = named(arguments);
    let texts = || given.iter().filter_map(|argument| text(found, *argument));
    let mut add = |kind, name: &str| seen.push((kind, name.to_owned(), node));
    match method {
        "getenv" | "Getenv" | "LookupEnv" if !given.is_empty() => {
            texts().take(1).for_each(|name| add(Kind::Setting, name));
        }
        "var" | "var_os" if function.contains("env::") => {
            texts().take(1).for_each(|name| add(Kind::Setting, name));
        }
        "get" if function.ends_with("environ.get") || function == "Deno.env.get" => {
            texts().take(1).for_each(|name| add(Kind::Setting, name));
        }
        "get" | "pop" | "getboolean" | "getint" if is_configuration(found, function) => {
            texts().take(1).for_each(|name| add(Kind::Setting, name));
        }
        "BindEnv" | "SetDefault" if function.contains("viper") => {
            texts().take(1).for_each(|name| add(Kind::Setting, name));
        }
        // click, typer, argparse, commander, yargs, cac.
        "add_argument" | "option" | "Option" | "addOption" | "Argument" | "requiredOption" => {
            let flags = texts().filter(|name| name.starts_with('-') && name.len() > 2);
            flags.for_each(|name| add(Kind::Flag, long(name)));
        }
        "with_name" | "new" if function.ends_with("Arg::new") || function.ends_with("Arg::with_name") => {
            texts().take(1).for_each(|name| add(Kind::Flag, name));
        }
        _ if found.source.language() == Language::Go && is_go_flag(function, method) => {
            texts().take(1).for_each(|name| add(Kind::Flag, name));
        }
        _ if is_route(found.source.language(), function, method) && given.len() > 1 => {
            let path = given.first().and_then(|first| text(found, *first));
            if let Some(path) = path.filter(|path| path.starts_with('/') && !path.contains(' ')) {
                add(Kind::Route, &format!("{} {path}", method.to_lowercase()));
            }
        }
        "route" | "get" | "post" | "put" | "delete" | "patch" | "websocket" if is_decorator(node) => {
            if let Some(path) = texts().next().filter(|path| path.starts_with('/')) {
                add(Kind::Route, &format!("{method} {path}"));
            }
        }
        "path" | "re_path"
            if found.source.language() == Language::Python && given.len() > 1 && function == method =>
        {
            let in_list = node.parent().is_some_and(|parent| parent.kind() == "list");
            texts().take(usize::from(in_list)).for_each(|path| add(Kind::Route, path));
        }
        _ => {}
    }
}

/// `config.get`, `self.settings.get`, `args.get`.
fn is_configuration(found: &Found<'_, '_>, function: &str) -> bool {
    let receiver = function.rsplit_once('.').map_or("", |(receiver, _)| receiver);
    let last = receiver.rsplit(['.', '_']).next().unwrap_or_default();
    // In Python these are what was given on the command line, in scripts a list.
    let given = found.source.language() == Language::Python && matches!(last, "arguments" | "args");
    given || matches!(last, "config" | "settings" | "options" | "opts" | "conf" | "configuration")
}

/// `--foo` of `-f, --foo <x>`.
fn long(name: &str) -> &str {
    name.split([' ', ',', '=']).find(|word| word.starts_with("--")).unwrap_or(name)
}

fn is_decorator(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| parent.kind() == "decorator")
}

/// A method of a router with a handler.
fn is_route(language: Language, function: &str, method: &str) -> bool {
    let known = match language {
        Language::Go => matches!(
            method,
            "HandleFunc"
                | "Handle"
                | "GET"
                | "POST"
                | "PUT"
                | "DELETE"
                | "PATCH"
                | "Get"
                | "Post"
                | "Put"
                | "Delete"
                | "Patch"
        ),
        Language::Rust => method == "route",
        Language::Python => false,
        _ => matches!(method, "get" | "post" | "put" | "delete" | "patch" | "all"),
    };
    let client = ["axios", "http.", "client", "fetch", "request(", "expect", "server.inject", "Client"];
    known && function.contains(['.', ':']) && !client.iter().any(|word| function.contains(word))
}

/// `flag.String("x", …)`, `cmd.Flags().StringVarP(&x, "x", …)`.
fn is_go_flag(function: &str, method: &str) -> bool {
    let of_flags =
        function.starts_with("flag.") || function.starts_with("pflag.") || function.contains("Flags().");
    let base = method.trim_end_matches('P').trim_end_matches("Var");
    let typed = ["String", "Bool", "Int", "Duration", "Float", "Uint", "Count", "Bytes"];
    of_flags && typed.iter().any(|kind| base.starts_with(kind))
}

/// `&cli.StringFlag{Name: "x"}`.
fn go_flag<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    if !found.source.field(node, "type").is_some_and(|name| name.ends_with("Flag")) {
        return;
    }
    for element in node.child_by_field_name("body").into_iter().flat_map(named) {
        let key = found.source.field(element, "key");
        if key == Some("Name")
            && let Some(name) =
                element.child_by_field_name("value").and_then(|value| first_text(found, value))
        {
            seen.push((Kind::Flag, name.to_owned(), node));
        }
    }
}

/// `#[arg(long)]` above a field, `#[get("/x")]` above a function.
fn attribute<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    let text: String = found.source.text_of(node).chars().filter(|c| !c.is_whitespace()).collect();
    let inner = text.trim_start_matches("#[");
    let name = inner.split(['(', ']', '=']).next().unwrap_or_default();
    match name {
        "arg" | "clap" | "structopt" | "argh" | "bpaf" => {
            let given = inner.split(['(', ',', ')', '=']).any(|word| matches!(word, "long" | "short"));
            let field = next_declaration(node).and_then(|next| found.source.field(next, "name"));
            if let (true, Some(field)) = (given, field) {
                seen.push((Kind::Flag, format!("--{}", field.replace('_', "-")), node));
            }
            if inner.split(['(', ',']).any(|word| word == "env" || word.starts_with("env=")) {
                let variable = inner.split("env=\"").nth(1).and_then(|rest| rest.split('"').next());
                if let Some(variable) = variable {
                    seen.push((Kind::Setting, variable.to_owned(), node));
                }
            }
        }
        "get" | "post" | "put" | "delete" | "patch" | "route" => {
            if let Some(path) = first_text(found, node).filter(|path| path.starts_with('/')) {
                seen.push((Kind::Route, format!("{name} {path}"), node));
            }
        }
        _ => {}
    }
}

fn next_declaration(node: Node<'_>) -> Option<Node<'_>> {
    let mut next = node.next_named_sibling()?;
    while matches!(next.kind(), "attribute_item" | "line_comment" | "block_comment") {
        next = next.next_named_sibling()?;
    }
    Some(next)
}

/// `process.env.X`, `process.env["X"]`, `import.meta.env.X`.
fn script_environment<'s>(found: &Found<'s, '_>, node: Node<'s>, seen: &mut Seen<'s>) {
    let object = found.source.field(node, "object").unwrap_or_default();
    let called = node.parent().is_some_and(|parent| parent.kind() == "call_expression");
    let own = !called && is_configuration(found, &format!("{object}.get"));
    if !own && !matches!(object, "process.env" | "import.meta.env" | "Bun.env") {
        return;
    }
    let name = found.source.field(node, "property").or_else(|| first_text(found, node));
    if let Some(name) = name.filter(|name| *name != "NODE_ENV") {
        seen.push((Kind::Setting, name.to_owned(), node));
    }
}

/// The content of a node that is a text.
fn text<'s>(found: &Found<'s, '_>, node: Node<'s>) -> Option<&'s str> {
    let is_text = matches!(
        node.kind(),
        "string" | "string_literal" | "raw_string_literal" | "interpreted_string_literal" | "template_string"
    );
    let text = found.source.text_of(node);
    let inner = text.trim_start_matches(['r', 'b', 'f', 'u', '#']).trim_matches(['"', '\'', '`', '#']);
    (is_text && !inner.is_empty() && inner.len() < 120).then_some(inner)
}

/// The first text inside of a node.
fn first_text<'s>(found: &Found<'s, '_>, node: Node<'s>) -> Option<&'s str> {
    let mut first = None;
    each(node, &mut |part, _| {
        if first.is_none() {
            first = text(found, part);
        }
    });
    first
}
