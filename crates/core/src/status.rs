//! The wire shape of `hotfix status --json`.
