//! What is told at length. `page` tells what was understood of a workflow; the
//! rest is the incident report for people: Markdown to paste, HTML to keep, and the
//! file in which a person writes the analysis.
//!
//! The data comes whole from `hotfix_core::report`; here it is only told.
//! `view` says everything once, in words and formatted figures; `chart` and
//! `strip` do the geometry of the pictures; the templates lay it out. Every
//! text passes one formatter on its way out, which makes it printable and
//! escapes it: no template and no view has to remember to.

pub mod analysis;
mod axis;
pub mod brief;
mod chart;
mod diff;
mod facts;
mod gates;
mod html;
pub mod logs;
mod markdown;
pub mod page;
mod prose;
mod series;
mod strip;
mod view;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use html::html;
pub use markdown::markdown;

/// Why a report could not be rendered: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be rendered")]
pub struct RenderError(#[from] minijinja::Error);
