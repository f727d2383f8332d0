//! The incident report as data.
