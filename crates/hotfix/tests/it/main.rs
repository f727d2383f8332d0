//! Integration tests: one binary, a module for each concern.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod crash;
mod dry_run;
mod engine_sim;
mod facts;
mod harness;
