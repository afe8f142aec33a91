//! The page: the files that the web build left in `web/dist`, and `index.html` with the first
//! data in it.

mod file;
mod offer;
mod page;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::IntoResponse as _;
use rust_embed::RustEmbed;

use crate::api::problem::{Code, Problem};
use crate::api::reply;
use crate::app::Context;
use crate::http::accept;

pub(crate) use offer::{keep_offering, offer};
pub(crate) use page::Pages;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Where the files are whose names change with their content.
const ASSETS: &str = "assets/";

/// Answers every URL that is neither of the API nor of a mail.
pub(crate) async fn serve(
    State(context): State<Arc<Context>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> reply::Reply {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/mail/") {
        return Err(Problem::new(Code::NotFound));
    }
    if method != Method::GET && method != Method::HEAD {
        let mut response = Problem::new(Code::MethodNotAllowed).into_response();
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
        return Ok(response);
    }
    let name = path.trim_start_matches('/');
    let is_public = !name.is_empty() && !is_internal(name);
    if is_public && let Some(file) = file::find(&context, name, &headers).await? {
        return Ok(file.answer(&headers));
    }
    // No route of the page has a dot: what looks like a file is one that is missing.
    let is_file = path.starts_with("/assets/")
        || path
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'));
    if is_file || !accept::admits(&headers, "text/html") {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(page::page(&context, &headers).await?)
}

/// The page itself, the compressed copies and what the build notes for itself are not files that
/// can be asked for.
fn is_internal(name: &str) -> bool {
    let is_copy = name.ends_with(".br") || name.ends_with(".gz");
    is_copy || name == "index.html" || name.split('/').any(|step| step.starts_with('.'))
}
