//! The report as one HTML file that needs nothing else.

use super::RenderError;
use super::view::View;
use hotfix_core::report::Report;
use hotfix_core::text::printable;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

/// The report as one self-contained HTML file: no script, no font and no
/// picture from elsewhere; it follows the reader's dark or light preference
/// and can be printed.
pub fn html(report: &Report) -> Result<String, RenderError> {
    Ok(pages()?.get_template("report.html")?.render(Serde(View::of(report)))?)
}

/// The environment with the templates of every page.
pub(super) fn pages() -> Result<Environment<'static>, Error> {
    let mut env = environment(AutoEscape::Html)?;
    env.set_formatter(format);
    for (name, text) in [
        ("parts.html", include_str!("templates/parts.html")),
        ("signal.html", include_str!("templates/signal.html")),
        ("logs.html", include_str!("templates/logs.html")),
        ("proof.html", include_str!("templates/proof.html")),
        ("style.css", include_str!("templates/style.css")),
        ("report.html", include_str!("templates/report.html")),
        ("logs-page.html", include_str!("templates/logs-page.html")),
    ] {
        env.add_template(name, text)?;
    }
    Ok(env)
}

/// An environment in which a missing value is a fault, not an empty place.
pub(super) fn environment(escape: AutoEscape) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(move |_| escape.clone());
    Ok(env)
}

/// Every value on its way out: printable first, then escaped.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => minijinja::escape_formatter(out, state, &Value::from(printable(text))),
        None => minijinja::escape_formatter(out, state, value),
    }
}
