//! The exact form: what front matter says as data, for what prose cannot say
//! exactly. It wins over prose. A key or value that is not in its schema is an
//! error, and then none of it holds: half of a policy could be looser than
//! either whole.

mod apply;
mod check;
mod duration;
mod form;
mod render;
mod tree;

pub(crate) use apply::{Said, rules, steps};
pub use render::page;
pub(crate) use tree::{Node, Spot, Tree};

use super::account::{self, Became, Kind};
use super::library::{Shelf, Shelved, folder_of, resolve};
use super::reader::Reader;
use super::{Followed, FollowedAs, Level, Lines};
use schemars::schema_for;
use serde_json::Value;
use std::sync::LazyLock;

/// The JSON Schema of a page's front matter.
pub static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schema_for!(form::FrontMatter).to_value();
    // Pages carry keys of other tools as well.
    schema["additionalProperties"] = true.into();
    schema
});

/// The JSON Schema of the `policy:` block by itself.
pub static POLICY_SCHEMA: LazyLock<Value> = LazyLock::new(|| schema_for!(form::ExactPolicy).to_value());

/// The most faults that are told of one page.
const MOST_FAULTS: usize = 50;

/// Where a page has its typed policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    /// In its front matter, without a fault.
    Here(Node),
    /// In a file, by its path as seen from the page.
    Beside(String, Spot),
}

/// The `policy:` of front matter whose first line is the page's second, if
/// there is one. Where it is no valid policy, that is told, and there is none.
pub(crate) fn read(yaml: &str, reader: &mut Reader) -> Option<Given> {
    let line = yaml.lines().position(|line| line.starts_with("policy:"))?;
    let node = match tree_of(yaml, line) {
        Ok(node) => node.filter(|node| node.tree != Tree::Scalar(Value::Null))?,
        Err(error) => {
            not_yaml(&error, reader);
            return None;
        }
    };
    if let Tree::Scalar(Value::String(path)) = &node.tree {
        return Some(Given::Beside(path.clone(), node.spot));
    }
    valid(&node, None, reader).then_some(Given::Here(node))
}

/// Reads the file that a page names as its policy. Its rules are then those of
/// the page's own `policy:` line.
pub(crate) fn beside(
    (path, at): (&str, Spot),
    shelf: Option<&Shelf<'_>>,
    reader: &mut Reader,
) -> Option<(Node, Followed)> {
    let refuse = |reader: &mut Reader, why: &str| {
        let message = format!("the typed policy in `{}` is not read: {why}", crate::text::brief(path, 80));
        let hint = "name a file of this repository, as seen from the page";
        reader.say(Level::Error, "HF0311", at.line, message, hint).about(path);
    };
    let Some(shelf) = shelf else {
        refuse(reader, "nobody knows what lies beside this page");
        return None;
    };
    let inside = match resolve(folder_of(shelf.path), path) {
        Ok((inside, _)) => inside,
        Err(why) => {
            refuse(reader, &why.to_string());
            return None;
        }
    };
    let text = match shelf.library.file(&inside) {
        Shelved::Text(text) => text,
        Shelved::Absent => {
            refuse(reader, "there is no such file");
            return None;
        }
        Shelved::Refused(why) => {
            refuse(reader, &why);
            return None;
        }
    };
    let mut node = match tree::read(&text, 1) {
        Ok(node) => node,
        Err(error) => {
            let place = format!("it is not valid YAML (line {}: {})", error.spot.line, error.why);
            refuse(reader, &place);
            return None;
        }
    };
    if !valid(&node, Some(&inside), reader) {
        return None;
    }
    node.move_to(at);
    let followed = followed(inside, &text);
    Some((node, followed))
}

fn followed(path: String, text: &str) -> Followed {
    let note = || vec![Became { kind: Kind::Policy, of: "policy".to_owned() }];
    let numbered = (1_u32..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let account: Vec<_> = numbered.map(|(no, _)| account::of_notes(no, None, note())).collect();
    let mut lines = Lines::default();
    for line in &account {
        lines.count(line.is_understood());
    }
    let digest = crate::digest::of_bytes(text.as_bytes());
    Followed { path, kind: FollowedAs::Policy, section: None, digest, lines, account }
}

fn not_yaml(error: &tree::NoTree, reader: &mut Reader) {
    let message = format!("the typed policy is not valid YAML, so none of it was taken: {}", error.why);
    let hint = "put values with a colon or a special character in quotes";
    reader.say(Level::Error, "HF0311", error.spot.line, message, hint);
}

/// Whether a policy has no fault; those that it has are told, in the page or
/// in the file that they are in.
fn valid(node: &Node, file: Option<&str>, reader: &mut Reader) -> bool {
    let faults = check::faults(node, &POLICY_SCHEMA, &POLICY_SCHEMA, "");
    for fault in faults.iter().take(MOST_FAULTS) {
        let code = if fault.unknown_key { "HF0312" } else { "HF0311" };
        let message = format!("{}, so none of the typed policy was taken", fault.message);
        let hint = fault.hint.clone().unwrap_or_else(|| "compare it with schemas/policy.json".to_owned());
        let said = reader.say(Level::Error, code, fault.spot.line, message, &hint);
        said.at(fault.spot.column, fault.length).in_file(file);
    }
    faults.is_empty()
}

/// The value of `policy:`, which stands at a line from 0.
fn tree_of(yaml: &str, line: usize) -> Result<Option<Node>, tree::NoTree> {
    const FIRST: u32 = 2;
    let policy = |whole: &Node| whole.get("policy").map(|(_, node)| node.clone());
    tree::read(yaml, FIRST).map(|whole| policy(&whole)).or_else(|error| {
        // The rest of the front matter may be what is broken.
        let (block, first) = block(yaml, line);
        tree::read(&block, FIRST + first).map(|whole| policy(&whole)).map_err(|_| error)
    })
}

/// The lines of the block that begins at a line, and its number from 0.
fn block(yaml: &str, line: usize) -> (String, u32) {
    let inside = |text: &&str| text.is_empty() || text.starts_with([' ', '\t', '#', '-']);
    let mut lines = yaml.lines().skip(line);
    let head = lines.next().unwrap_or_default();
    let body: Vec<&str> = lines.take_while(inside).collect();
    (format!("{head}\n{}\n", body.join("\n")), u32::try_from(line).unwrap_or_default())
}

#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
