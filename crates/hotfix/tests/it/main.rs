//! Integration tests: one binary, a module for each concern.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod approvals;
mod bad_input;
mod by_hand;
mod crash;
mod docs;
mod dry_run;
mod engine_sim;
mod facts;
mod frozen;
mod harness;
mod hooks;
mod port;
mod repo;
mod schemas;
mod workflow;
