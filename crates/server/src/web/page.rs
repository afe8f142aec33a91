//! `index.html` with the first data in it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use duly_tracker::sessions::{self, Principal};
use duly_tracker::tasks::{LabelCount, TaskEntry, TaskFilter, labels, list};
use duly_tracker::users::{self, Account, Registration};
use duly_tracker::{Error, Page, Result};
use serde::Serialize;

use super::Dist;
use crate::api::permit;
use crate::api::tasks::local_time;
use crate::app::Context;

/// Where the page wants its first data.
const BOOT_PLACE: &str = "<!--duly:boot-->";

const NOT_BUILT: &str = include_str!("../../templates/not_built.html");

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

pub(super) async fn page(context: &Context, headers: &HeaderMap) -> Result<Response> {
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
