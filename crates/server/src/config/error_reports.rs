//! `[error_reports]`

use sentry_types::Dsn;

use super::reader::Reader;

/// `[error_reports]`
#[derive(Debug, Clone)]
pub struct ErrorReporting {
    /// Who is told of errors; nothing: nobody.
    pub dsn: Option<Dsn>,
    /// Which of several installations this is.
    pub environment: String,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<ErrorReporting> {
    let dsn = reader.judged("dsn", |text| match text {
        "" => Ok(None),
        // It holds a key, and is never repeated.
        text => text.parse().map(Some).map_err(|_| {
            "must be empty, or a DSN like https://key@errors.example.org/42".to_owned()
        }),
    });
    let environment = reader.text(
        "environment",
        "1 to 64 letters, digits, -, _ or .",
        |text| {
            let fits =
                |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            let is_name = (1..=64).contains(&text.len()) && text.chars().all(fits);
            is_name.then(|| text.to_owned())
        },
    );
    Some(ErrorReporting {
        dsn: dsn?,
        environment: environment?,
    })
}
