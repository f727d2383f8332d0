//! The brief of a step: what a person or an agent needs to carry it out. Here
//! is decided what the words of a context mapping mean, what of it fits, and
//! how text from outside is marked as data. Looking things up is done elsewhere.

mod budget;
pub mod data;
mod document;
pub mod path;
mod source;
mod task;
mod ticket;
mod vocabulary;

pub use document::{
    BranchPart, Brief, BriefGate, BriefInput, DocumentStep, MOST_BYTES, Part, ReviewPart, SCHEMA, SkillPart,
    Task, Text, TooSmall, Unresolved,
};
pub use source::{CriteriaList, Known, Source, StepRef, TestScope, TicketPart, sources};
pub use task::{inputs, more, task};
pub use ticket::parts as ticket_parts;
