//! The pure part of `hotfix`: what a workflow means, what a plan holds, what a
//! gate says, what the journal has recorded and what follows from it.
//!
//! It refuses to touch files, processes, the network, the terminal or the
//! clock: time comes in as a value, the world as data.

pub mod approval;
pub mod brief;
pub mod change;
pub mod config;
pub mod defaults;
pub mod digest;
pub mod effect;
pub mod finding;
pub mod gate;
pub mod incident;
pub mod journal;
pub mod judge;
pub mod logs;
pub mod plan;
pub mod policy;
pub mod report;
pub mod run;
pub mod status;
pub mod style;
pub mod syntax;
pub mod testing;
pub mod text;
pub mod workflow;
