//! Logs as they lie on a disk or come through a pipe: found, unpacked, read
//! once and in their order, and handed to the library that compares them.
//!
//! [`find`](find::find) makes files of names, [`open`](open::OpenLog) reads one of them whatever it
//! is packed with, [`compare`] lets every core have its blocks, and [`follow`]
//! tells what is new while a log still grows. It refuses to guess: what could
//! not be read is an error, and what may be missing is said.

pub mod answer;
pub mod compare;
mod crew;
mod error;
pub mod find;
pub mod follow;
pub mod model;
pub mod open;
pub mod packing;
mod pump;
mod utf16;

pub use error::LogError;
