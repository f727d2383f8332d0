//! The run as a fold over its journal.
