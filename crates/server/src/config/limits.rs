//! `[limits]`

use axum::http::Method;

use super::reader::Reader;
use crate::limits::{Methods, On, Rule, Rules};

/// The limits that have a name of their own, and what they count.
const KNOWN: [(&str, On); 7] = [
    ("api", On::new(Methods::All, "/api/v1/")),
    ("writes", On::new(Methods::Changes, "/api/v1/")),
    (
        "login",
        On::new(Methods::One(Method::POST), "/api/v1/login"),
    ),
    (
        "register",
        On::new(Methods::One(Method::POST), "/api/v1/register"),
    ),
    (
        "reset",
        On::new(Methods::One(Method::POST), "/api/v1/password"),
    ),
    (
        "import",
        On::new(Methods::One(Method::POST), "/api/v1/import"),
    ),
    (
        "export",
        On::new(Methods::One(Method::GET), "/api/v1/export"),
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Rules> {
    let mut rules = Some(Vec::new());
    let mut add = |read: Option<Option<Rule>>| match (read, &mut rules) {
        (Some(rule), Some(rules)) => rules.extend(rule),
        _ => rules = None,
    };
    for (name, on) in KNOWN {
        add(reader.judged(name, |text| {
            Rule::parse(name, on.clone(), text).map_err(|wrong| wrong.to_string())
        }));
    }
    let more = reader.judged_list("more", |text| {
        Rule::parse_named(text).map_err(|wrong| wrong.to_string())
    });
    match more {
        Some(more) => more.into_iter().for_each(|rule| add(Some(Some(rule)))),
        None => add(None),
    }
    let is_enabled = reader.truth("enabled");
    rules.map(|rules| match is_enabled {
        true => Rules::new(rules),
        false => Rules::default(),
    })
}
