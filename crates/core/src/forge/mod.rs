//! What forges have in common, as values: where a remote leads, what a merge
//! request's body holds, whether it still fits the run, what its pipeline and
//! the forge's own rules say. Nothing here speaks to a forge.

pub mod body;
pub mod fit;
pub mod pipeline;
pub mod ready;
pub mod remote;
pub mod words;

pub use body::ChainMark;
pub use fit::{Expected, Misfit, misfits};
pub use pipeline::{Job, JobState, Pipeline};
pub use ready::Readiness;
pub use remote::{Address, Kind, Remote};
