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
pub(crate) use tree::{Node, Tree};

use super::Level;
use super::reader::Reader;
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

/// The `policy:` block of front matter whose first line is the page's second,
/// if there is one. Where it is no valid policy, that is told, and there is none.
pub(crate) fn read(yaml: &str, reader: &mut Reader) -> Option<Node> {
    let line = yaml.lines().position(|line| line.starts_with("policy:"))?;
    let node = match tree_of(yaml, line) {
        Ok(node) => node.filter(|node| node.tree != Tree::Scalar(Value::Null))?,
        Err(error) => {
            let message =
                format!("the typed policy is not valid YAML, so none of it was taken: {}", error.why);
            let hint = "put values with a colon or a special character in quotes";
            reader.say(Level::Error, "HF0311", error.spot.line, message, hint);
            return None;
        }
    };
    let faults = check::faults(&node, &POLICY_SCHEMA, &POLICY_SCHEMA, "");
    for fault in faults.iter().take(MOST_FAULTS) {
        let code = if fault.unknown_key { "HF0312" } else { "HF0311" };
        let message = format!("{}, so none of the typed policy was taken", fault.message);
        let hint = fault.hint.clone().unwrap_or_else(|| "compare it with schemas/policy.json".to_owned());
        reader.say(Level::Error, code, fault.spot.line, message, &hint).at(fault.spot.column, fault.length);
    }
    faults.is_empty().then_some(node)
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
