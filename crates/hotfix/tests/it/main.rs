//! Integration tests: one binary, a module for each concern.

mod approvals;
mod bad_input;
mod by_hand;
mod docs;
mod frozen;
mod hooks;
mod port;
mod repo;
mod schemas;
