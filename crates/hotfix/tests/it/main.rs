//! Integration tests: one binary, a module for each concern.

mod by_hand;
mod repo;
