//! How accurate it is, as tables.
//!
//! `accuracy grouping DIR [raw|content]` and `accuracy novelty DIR [raw|content]`
//! read samples in the layout of Loghub (`DIR/NAME/NAME_2k.log` and
//! `NAME_2k.log_structured.csv`); `accuracy deploys` makes its own logs.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod grouping;
mod novelty;
mod samples;

#[path = "../../tests/deploys/scenes.rs"]
mod scenes;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match *args.as_slice() {
        ["grouping", dir] => grouping::run(Path::new(dir), samples::View::Raw),
        ["grouping", dir, view] => grouping::run(Path::new(dir), samples::View::of(view)),
        ["novelty", dir] => novelty::run(Path::new(dir), samples::View::Raw),
        ["novelty", dir, view] => novelty::run(Path::new(dir), samples::View::of(view)),
        ["deploys"] => {
            scenes::table();
            Ok(())
        }
        _ => {
            eprintln!("accuracy grouping DIR [raw|content] | novelty DIR [raw|content] | deploys");
            std::process::exit(2);
        }
    }
}
