//! The page: the files that the web build left in `web/dist`, and `index.html` with the first
//! data in it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use duly_tracker::sessions::{self, Principal};
use duly_tracker::tasks::{LabelCount, TaskEntry, TaskFilter, labels, list};
use duly_tracker::users::{self, Account, Registration};
use duly_tracker::{Error, Page, Result};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;

use crate::api::problem::{Code, Problem};
use crate::api::tasks::local_time;
use crate::api::{permit, reply};
use crate::app::Context;
use crate::http::{accept, compress};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Where the page wants its first data.
const BOOT_PLACE: &str = "<!--duly:boot-->";

const NOT_BUILT: &str = include_str!("../templates/not_built.html");

/// How the page is put together here.
#[derive(Debug)]
pub(crate) struct Pages {
    assets_url: Option<String>,
}

impl Pages {
    pub(crate) fn new(assets_url: Option<&str>) -> Self {
        Pages {
            assets_url: assets_url.map(str::to_owned),
        }
    }

    /// `index.html` before and after the first data.
    fn index(&self) -> Option<(String, String)> {
        let file = Dist::get("index.html")?;
        let mut text = String::from_utf8_lossy(&file.data).into_owned();
        if let Some(url) = &self.assets_url {
            text = text.replace("\"/assets/", &format!("\"{url}/assets/"));
        }
        let (before, after) = text.split_once(BOOT_PLACE)?;
        Some((before.to_owned(), after.to_owned()))
    }
}

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
    if let Some(file) = is_public.then(|| Dist::get(name)).flatten() {
        return Ok(asset(name, file, &headers));
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
    Ok(page(&context, &headers).await?)
}

/// The page itself, the compressed copies and what the build notes for itself are not files that
/// can be asked for.
fn is_internal(name: &str) -> bool {
    let is_copy = name.ends_with(".br") || name.ends_with(".gz");
    is_copy || name == "index.html" || name.split('/').any(|step| step.starts_with('.'))
}

fn asset(name: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    let kind = content_type(name);
    let (file, coding) = best_variant(name, plain, headers);
    let digest: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{digest}\"");
    let known = reply::matches(headers, &tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(file.data.into_owned()).into_response(),
    };
    let answer = response.headers_mut();
    if !known {
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(coding) = coding {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // The names of files in /assets change with their content.
    let caching = match name.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // A page on our host may load them from a CDN that fetched them here.
    answer.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    answer.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// The smallest variant the client takes; Brotli is smaller than gzip.
fn best_variant(
    name: &str,
    plain: EmbeddedFile,
    headers: &HeaderMap,
) -> (EmbeddedFile, Option<&'static str>) {
    let (brotli, gzip) = (
        compress::quality(headers, "br"),
        compress::quality(headers, "gzip"),
    );
    let mut wanted = [("br", ".br", brotli), ("gzip", ".gz", gzip)];
    if gzip > brotli {
        wanted.reverse();
    }
    for (coding, suffix, quality) in wanted {
        if quality > 0
            && let Some(file) = Dist::get(&format!("{name}{suffix}"))
        {
            return (file, Some(coding));
        }
    }
    (plain, None)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

async fn page(context: &Context, headers: &HeaderMap) -> Result<Response> {
    let html = match context.pages.index() {
        Some((before, after)) => {
            let boot = boot(context, headers).await?;
            let json = serde_json::to_string(&boot)
                .map_err(|error| Error::Internal(error.to_string()))?
                // Nothing in the data can end the script element.
                .replace('<', "\\u003c");
            format!(
                "{before}<script type=\"application/json\" id=\"duly-boot\">{json}</script>{after}"
            )
        }
        None => NOT_BUILT.to_owned(),
    };
    let mut response = Body::from(html).into_response();
    let answer = response.headers_mut();
    answer.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    answer.append(header::VARY, HeaderValue::from_static("Cookie"));
    Ok(response)
}

/// What the page needs to show itself without asking.
#[derive(Serialize)]
struct Boot {
    account: Option<Account>,
    registration: Registration,
    setup_needed: bool,
    tasks: Option<Page<TaskEntry>>,
    labels: Option<Page<LabelCount>>,
    /// Of what version all this is at least.
    data_version: Option<i64>,
    version: &'static str,
}

async fn boot(context: &Context, headers: &HeaderMap) -> Result<Boot> {
    let tracker = &context.tracker;
    let mut boot = Boot {
        account: None,
        registration: tracker.settings.registration,
        setup_needed: false,
        tasks: None,
        labels: None,
        data_version: None,
        version: env!("CARGO_PKG_VERSION"),
    };
    match logged_in(context, headers).await? {
        Some(principal) => {
            boot.data_version = Some(principal.version.number());
            let mut conn = tracker.db.read(principal.user.0, principal.version);
            boot.account = Some(users::profile(&mut conn, principal.user).await?);
            let now = local_time(context, &principal);
            let filter = TaskFilter::active();
            boot.tasks = Some(list(&mut conn, principal.user, &filter, now).await?);
            boot.labels = Some(labels(&mut conn, principal.user).await?);
        }
        None => boot.setup_needed = users::setup_needed(tracker).await?,
    }
    Ok(boot)
}

async fn logged_in(context: &Context, headers: &HeaderMap) -> Result<Option<Principal>> {
    let Some(secret) = permit::session_secret(context, headers) else {
        return Ok(None);
    };
    match sessions::authenticate(&context.tracker, &secret).await {
        Ok(principal) => Ok(Some(principal)),
        Err(Error::Unauthenticated) => Ok(None),
        Err(error) => Err(error),
    }
}
