//! `/api/openapi.json` and `/api/docs`: the API, for programs and for people.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::api::document;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};

const TEMPLATE: &str = include_str!("../templates/docs.html.j2");
const STYLESHEET: &str = include_str!("../templates/docs.css");

static DOCUMENT: LazyLock<Fixed> =
    LazyLock::new(|| Fixed::new("application/json", document::text()));

static PAGE: LazyLock<Result<Fixed, String>> = LazyLock::new(|| {
    let html = render().map_err(|error| error.to_string())?;
    Ok(Fixed::new("text/html; charset=utf-8", html))
});

static STYLE: LazyLock<Fixed> =
    LazyLock::new(|| Fixed::new("text/css; charset=utf-8", STYLESHEET.to_owned()));

/// Something that stays the same as long as this process runs.
struct Fixed {
    kind: &'static str,
    tag: String,
    text: String,
}

impl Fixed {
    fn new(kind: &'static str, text: String) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let digits: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Fixed {
            kind,
            tag: format!("W/\"{digits}\""),
            text,
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let mut response = if reply::matches(headers, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(self.text.clone()).into_response()
        };
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            answer.insert(header::ETAG, tag);
        }
        response
    }
}

pub(crate) async fn document(headers: HeaderMap) -> Response {
    DOCUMENT.answer(&headers)
}

pub(crate) async fn stylesheet(headers: HeaderMap) -> Response {
    STYLE.answer(&headers)
}

pub(crate) async fn page(headers: HeaderMap) -> Reply {
    match &*PAGE {
        Ok(page) => Ok(page.answer(&headers)),
        Err(reason) => {
            let internal = Some(format!("the page of the API cannot be made: {reason}"));
            Err(Problem {
                internal,
                ..Problem::new(Code::Internal)
            })
        }
    }
}

/// One operation, as the template wants it.
#[derive(Serialize)]
struct Entry<'document> {
    method: String,
    path: &'document str,
    operation: &'document Value,
    needs: Vec<String>,
}

fn render() -> Result<String, minijinja::Error> {
    let document: Value = serde_json::from_str(&DOCUMENT.text).unwrap_or_default();
    let mut environment = Environment::new();
    environment.add_filter("pretty", |value: minijinja::Value| {
        serde_json::to_string_pretty(&value).unwrap_or_default()
    });
    environment.add_filter("schema", |value: minijinja::Value| {
        let html = describe(&serde_json::to_value(&value).unwrap_or_default());
        minijinja::Value::from_safe_string(html)
    });
    environment.add_filter("markdown", |text: String| markdown(&text));
    environment.add_template("docs.html", TEMPLATE)?;
    let problems: Vec<_> = Code::ALL
        .iter()
        .map(|code| (code.name(), code.status().as_u16(), code.title()))
        .collect();
    environment.get_template("docs.html")?.render(context! {
        document => Serde(&document),
        groups => Serde(groups(&document)),
        problems => Serde(problems),
    })
}

/// The operations of each tag, in the order of the document.
fn groups(document: &Value) -> Vec<(&str, &str, Vec<Entry<'_>>)> {
    let tags = document
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    tags.map(|tag| {
        let name = tag.get("name").and_then(Value::as_str).unwrap_or_default();
        let about = tag
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let paths = document
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let entries = paths.flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .filter_map(move |(method, operation)| {
                    let tagged = operation.pointer("/tags/0").and_then(Value::as_str) == Some(name);
                    tagged.then(|| Entry {
                        method: method.to_uppercase(),
                        path,
                        operation,
                        needs: needs(operation),
                    })
                })
        });
        (name, about, entries.collect())
    })
    .collect()
}

/// Who may do it: the ways to prove oneself, each with the ability it needs.
fn needs(operation: &Value) -> Vec<String> {
    let ways = operation
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    ways.flat_map(|way| way.as_object().into_iter().flatten())
        .map(
            |(scheme, abilities)| match abilities.pointer("/0").and_then(Value::as_str) {
                Some("admin") if scheme == "session" => "log-in of an administrator".to_owned(),
                Some(ability) => format!("API token with {ability}"),
                None if scheme == "session" => "log-in".to_owned(),
                None => scheme.clone(),
            },
        )
        .collect()
}

/// A schema in a few words, as HTML: `string (date) or null`, `list of Task`.
fn describe(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.rsplit('/').next().unwrap_or_default();
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema.get(key).and_then(Value::as_array) {
            let parts: Vec<String> = options.iter().map(describe).collect();
            return parts.join(if key == "allOf" { " with " } else { " or " });
        }
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        return names.join(", ");
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let format = schema.get("format").and_then(Value::as_str);
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|kind| match (kind, format) {
            ("array", _) => {
                format!(
                    "list of {}",
                    schema.get("items").map_or_else(String::new, describe)
                )
            }
            ("null", _) | (_, None) => kind.to_owned(),
            (kind, Some(format)) => format!("{kind} ({format})"),
        })
        .collect();
    parts.join(" or ")
}

/// The little Markdown of our own descriptions: code spans and paragraphs.
fn markdown(text: &str) -> minijinja::Value {
    let mut html = String::with_capacity(text.len() + 16);
    for paragraph in text.split("\n\n") {
        html.push_str("<p>");
        for (index, part) in paragraph.split('`').enumerate() {
            let escaped = part
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            match index % 2 {
                0 => html.push_str(&escaped),
                _ => html.push_str(&format!("<code>{escaped}</code>")),
            }
        }
        html.push_str("</p>");
    }
    minijinja::Value::from_safe_string(html)
}
