//! What is new in a log, as a page that stands by itself.

use super::view::Shown;
use crate::report::{RenderError, html};
use hotfix_core::logs::LogDiff;
use minijinja::value::Serde;

/// The answer as one HTML page: no script, no font and no picture from elsewhere.
pub fn page(answer: &LogDiff) -> Result<String, RenderError> {
    let env = html::pages()?;
    let template = env.get_template("logs-page.html")?;
    Ok(template.render(minijinja::context! { logs => Serde(Shown::of(answer)) })?)
}
