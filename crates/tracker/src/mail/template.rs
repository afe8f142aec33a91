//! Filling in the texts of mails.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::message::one_line;
use crate::{Error, Result};

/// The texts of one kind of mail, in the language of minijinja. They lie beside the feature that
/// sends it. The HTML is the inside of the shared layout and may call `button(url, label)`.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// One line.
    pub subject: &'static str,
    /// The plain text.
    pub text: &'static str,
    /// The HTML between the layout's head and foot.
    pub html: &'static str,
}

/// A mail's texts, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// A whole HTML page.
    pub html: String,
}

const LAYOUT: &str = include_str!("layout.html.j2");
const BUTTON: &str = include_str!("button.html.j2");

/// Fills in a template. In the HTML every value is escaped.
///
/// # Errors
/// [`Error::Internal`] when the template is wrong or names a value that `context` lacks.
pub fn render(template: &Template, context: impl Serialize) -> Result<Rendered> {
    let fill = || -> std::result::Result<Rendered, minijinja::Error> {
        let values = Value::from(Serde(context));
        let environment = environment()?;
        let subject =
            one_line(&environment.render_named_str("subject", template.subject, &values)?);
        let text = environment.render_named_str("text", template.text, &values)?;
        let body = environment.render_named_str("body.html", template.html, &values)?;
        let page = context! { subject => &subject, body => Value::from_safe_string(body) };
        let html = environment.render_named_str("layout.html", LAYOUT, page)?;
        Ok(Rendered {
            subject,
            text: format!("{}\n", text.trim()),
            html,
        })
    };
    fill().map_err(|error| Error::Internal(format!("mail template: {error:#}")))
}

fn environment() -> std::result::Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.add_function("button", button);
    Ok(environment)
}

fn button(url: &str, label: &str) -> std::result::Result<Value, minijinja::Error> {
    let markup = environment()?.render_named_str("button.html", BUTTON, context! { url, label })?;
    Ok(Value::from_safe_string(markup.trim().to_owned()))
}
