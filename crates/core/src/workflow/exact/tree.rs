//! YAML as a tree that knows the place of each key and value, and keeps the
//! order of maps. It refuses aliases, several documents and bombs.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use std::fmt;

/// A place in the page, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    pub line: u32,
    pub column: u32,
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub spot: Spot,
    pub tree: Tree,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub text: String,
    pub spot: Spot,
}

/// Why a text is no such tree: the reason, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoTree {
    pub why: String,
    pub spot: Spot,
}

/// Reads YAML whose first line has this number.
pub(crate) fn read(yaml: &str, first_line: u32) -> Result<Node, NoTree> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 60_000,
            max_nodes: 30_000,
            max_depth: 12,
            max_aliases: 0,
            max_anchors: 0,
            max_documents: 1,
            max_merge_keys: 0,
            max_total_scalar_bytes: 524_288,
        },
    };
    let mut node = serde_saphyr::from_str_with_options::<Node>(yaml, options).map_err(|error| {
        let at = error.location();
        let spot = at.map(|at| spot(at.line(), at.column())).unwrap_or_default();
        let why = error.without_snippet().to_string();
        NoTree { why: crate::text::brief(&why, 200), spot: shifted(spot, first_line) }
    })?;
    node.shift(first_line);
    Ok(node)
}

fn spot(line: u64, column: u64) -> Spot {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Spot { line: small(line), column: small(column) }
}

fn shifted(at: Spot, first_line: u32) -> Spot {
    Spot { line: at.line.max(1).saturating_add(first_line.saturating_sub(1)), column: at.column.max(1) }
}

impl Node {
    fn shift(&mut self, first_line: u32) {
        self.spot = shifted(self.spot, first_line);
        match &mut self.tree {
            Tree::Scalar(_) => {}
            Tree::List(items) => items.iter_mut().for_each(|item| item.shift(first_line)),
            Tree::Map(entries) => {
                for (key, value) in entries {
                    key.spot = shifted(key.spot, first_line);
                    value.shift(first_line);
                }
            }
        }
    }

    /// Everything in it has this place from now on.
    pub fn move_to(&mut self, at: Spot) {
        self.spot = at;
        match &mut self.tree {
            Tree::Scalar(_) => {}
            Tree::List(items) => items.iter_mut().for_each(|item| item.move_to(at)),
            Tree::Map(entries) => {
                for (key, value) in entries {
                    key.spot = at;
                    value.move_to(at);
                }
            }
        }
    }

    /// The value of a key, and the key's place.
    pub fn get(&self, name: &str) -> Option<(&Key, &Node)> {
        let Tree::Map(entries) = &self.tree else { return None };
        entries.iter().find(|(key, _)| key.text == name).map(|(key, node)| (key, node))
    }

    /// The same without places. Of a key that stands twice, the last holds.
    pub fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Scalar(value) => value.clone(),
            Tree::List(items) => items.iter().map(Node::to_json).collect(),
            Tree::Map(entries) => {
                let fields: Map<String, Value> =
                    entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect();
                Value::Object(fields)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(from)?;
        let at = spanned.referenced;
        Ok(Node { spot: spot(at.line(), at.column()), tree: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(from)?;
        let at = spanned.referenced;
        Ok(Key { spot: spot(at.line(), at.column()), text: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        Tree::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept() {
        let tree = read("a: 1\npolicy:\n  change: { max_files: 4, minimal: true }\n  notify:\n    - x\n", 2)
            .unwrap();
        let (key, policy) = tree.get("policy").unwrap();
        assert_eq!((key.spot.line, key.spot.column), (3, 1));
        let (_, change) = policy.get("change").unwrap();
        let (files, value) = change.get("max_files").unwrap();
        assert_eq!((files.spot, value.spot), (Spot { line: 4, column: 13 }, Spot { line: 4, column: 24 }));
        let Tree::List(items) = &policy.get("notify").unwrap().1.tree else { panic!() };
        assert_eq!(items[0].spot, Spot { line: 6, column: 7 });
        assert_eq!(tree.to_json()["policy"]["change"]["max_files"], 4);
    }

    #[test]
    fn what_is_no_tree_says_where() {
        let error = read("a: 1\nb: [1\nc: 2\n", 2).unwrap_err();
        assert!((3..=5).contains(&error.spot.line) && !error.why.is_empty(), "{error:?}");
        let bombs = ["a: &x [1]\nb: [*x, *x]\n", "--- 1\n--- 2\n"];
        for bomb in bombs {
            assert!(read(bomb, 1).is_err(), "{bomb}");
        }
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        assert!(read(&deep, 1).is_err());
    }
}
