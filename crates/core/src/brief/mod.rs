//! The brief of a step: what a person or an agent needs to carry it out. Here
//! is decided what the words of a context mapping mean, what of it fits, and
//! how text from outside is marked as data. Looking things up is done elsewhere.

pub mod source;
mod vocabulary;

pub use source::{CriteriaList, Known, Source, StepRef, TestScope, TicketPart, sources};
