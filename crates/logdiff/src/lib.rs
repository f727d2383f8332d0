//! New message templates between two logs.
//!
//! A [`Model`] learns one or more baseline logs; a [`Comparison`] reads another
//! log and says which kinds of message it has that the baseline lacks, which
//! rose, and which are gone. Both stream, take chunks cut anywhere and need no
//! configuration: formats, headers, levels, JSON lines and stack traces are
//! recognised.
//!
//! ```
//! use hotfix_logdiff::{Comparison, Model, Options};
//! let mut model = Model::new();
//! model.learn(b"INFO served 17 in 3 ms\nERROR cache miss 4\n");
//! model.finish(); // after each baseline
//! let saved = model.to_bytes();
//!
//! let model = Model::from_bytes(&saved)?;
//! let mut comparison = Comparison::new(&model, Options::default());
//! let mut told = Vec::new();
//! let log = b"INFO served 9 in 1 ms\nERROR pool 7 exhausted\nINFO served 2 in 5 ms\n";
//! comparison.feed_with(log, |finding| {
//!     if finding.is_new() && finding.is_first() {
//!         told.push((finding.line(), finding.template()));
//!     }
//! });
//! assert_eq!(told, [(2, "ERROR pool <*> exhausted".to_owned())]);
//! let diff = comparison.finish();
//! assert_eq!((diff.new.len(), diff.gone.len(), diff.new_lines), (1, 1, vec![2]));
//! # Ok::<(), hotfix_logdiff::ModelError>(())
//! ```
//!
//! On several cores, cut the log into [`Blocks`], give each thread a model
//! ([`Model::learn_block`]) or a comparison ([`Comparison::feed_block`]) of its
//! own and merge them at the end; a model is then finished once, by
//! [`Model::finish`].
//!
//! It refuses to guess by similarity (one word can be all that is new of an
//! error), to grow without bound, and to pass an escape sequence on to a
//! terminal. It reads no files and starts no threads.

#![forbid(unsafe_code)]

mod answer;
mod atoms;
mod axis;
mod blocks;
mod comparison;
mod diff;
mod encoding;
mod engine;
mod error;
mod evidence;
mod finding;
mod fold;
mod frame;
mod hash;
mod header;
mod json;
mod key;
mod known;
mod line;
mod lines;
mod mask;
mod model;
mod record;
mod rise;
mod shape;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod time;
mod tokens;
mod words;

pub use answer::{Axis, Diff, Gone, Options, Part, Risen, Severity, Template, WILD};
pub use blocks::{Block, Blocks};
pub use comparison::{Comparison, MOST_LINES};
pub use error::ModelError;
pub use finding::Finding;
pub use model::{MOST_TEMPLATES, Model};
