//! What is new in a log, for people: in a terminal, as a page, and as a part of
//! the report. `words` says everything once; `spark` draws counts over time;
//! `view` makes it ready for the templates.

mod html;
mod spark;
pub mod terminal;
mod view;
mod words;

#[cfg(test)]
pub mod fixture;
#[cfg(test)]
mod tests;

pub use html::page;
pub use view::Shown;
