//! The machine: the only wall clock, the only processes besides git's, and
//! locks.

pub mod clock;
pub mod interrupt;
pub mod lock;
pub mod process;
