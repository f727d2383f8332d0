//! Integration tests: one binary, a module for each concern.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod approvals;
mod bad_input;
mod brief;
mod by_hand;
mod change;
mod crash;
mod docs;
mod dry_run;
mod engine_sim;
mod examples;
mod facts;
mod frozen;
mod harness;
mod hooks;
mod logdiff;
mod logdiff_follow;
mod logdiff_gates;
mod logdiff_input;
mod port;
mod repo;
mod schemas;
mod workflow;
