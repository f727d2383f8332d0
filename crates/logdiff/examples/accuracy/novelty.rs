//! placeholder
use crate::samples::View;
use std::path::Path;
pub fn run(_: &Path, _: View) -> std::io::Result<()> { Ok(()) }
