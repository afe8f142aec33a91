//! `/mail/…`: links in mails that do something without a log-in. Opening one only shows what it
//! would do; the button does it, because mail scanners open every link.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use duly_tracker::Error;
use duly_tracker::reminders::actions::{self, Description};
use minijinja::{Environment, context};

use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::app::Context;
use crate::http::{accept, query};

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // The template is part of the binary; a test renders it.
    let _ = environment.add_template("link.html", include_str!("../templates/mail_link.html.j2"));
    environment
});

/// The URLs of links in mails.
pub(crate) fn router() -> Router<Arc<Context>> {
    let link = || get(show).post(perform);
    Router::new()
        .route("/mail/done", link())
        .route("/mail/snooze", link())
        .route("/mail/unsubscribe", link())
}

async fn show(State(context): State<Arc<Context>>, uri: Uri, headers: HeaderMap) -> Reply {
    let outcome = actions::describe(&context.tracker, &token(&uri)).await;
    answer(&headers, outcome)
}

/// Mail programs that unsubscribe with one click (RFC 8058) come here too.
async fn perform(State(context): State<Arc<Context>>, uri: Uri, headers: HeaderMap) -> Reply {
    let outcome = actions::perform(&context.tracker, &token(&uri)).await;
    answer(&headers, outcome)
}

fn token(uri: &Uri) -> String {
    let pairs = query::parse(uri.query().unwrap_or_default()).unwrap_or_default();
    let token = pairs.into_iter().find(|(name, _)| name == "token");
    token.map(|(_, value)| value).unwrap_or_default()
}

fn answer(headers: &HeaderMap, outcome: Result<Description, Error>) -> Reply {
    let (status, description) = match outcome {
        Ok(description) => (StatusCode::OK, description),
        Err(error @ (Error::LinkExpired | Error::NotFound(_))) => {
            if !accept::admits(headers, "text/html") {
                return Err(error.into());
            }
            let sentence = match error {
                Error::LinkExpired => "This link does not work any more.".to_owned(),
                other => format!("There is {other} any more."),
            };
            (
                Problem::from(Error::LinkExpired).code.status(),
                Description {
                    sentence,
                    button: None,
                },
            )
        }
        Err(error) => return Err(error.into()),
    };
    Ok(page(status, &description)?)
}

fn page(status: StatusCode, description: &Description) -> Result<Response, Error> {
    let internal = |error: minijinja::Error| Error::Internal(error.to_string());
    let template = PAGES.get_template("link.html").map_err(internal)?;
    let html = template
        .render(context! { sentence => &description.sentence, button => description.button })
        .map_err(internal)?;
    let mut response = (status, Body::from(html)).into_response();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
