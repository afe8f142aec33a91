//! `/admin/receipts`: what anybody was promised, and what became of it

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_tracker::input::{FromText, Reader};
use duly_tracker::notifications::{self, Receipt, ReceiptFilter, State as InState};
use duly_tracker::users::Email;
use duly_tracker::{Error, Page, users};

use crate::api::input::{Parameters, page_limit};
use crate::api::permit::Admin;
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// Lists the receipts of everybody's reminders: that of which anything became last first; of one person the
/// newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/receipts",
    operation_id = "listReceipts",
    tag = "admin",
    params(
        ("user" = Option<String>, Query, description = "Those of the person with this address."),
        ("state" = Option<String>, Query, description = "`planned`, `queued`, `sending`, `sent`, `failed`, `bounced`, `complained` or `cancelled`."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of receipts.", body = Page<Receipt>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn receipts(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [user, state, limit, cursor] = parameters.only(["user", "state", "limit", "cursor"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    let state = read(&mut reader, "state", state, InState::from_text);
    let email = read(&mut reader, "user", user, Email::from_text);
    reader.finish()?;
    let mut conn = context.tracker.db.read_fresh();
    let user = match email {
        None => None,
        Some(email) => match users::admin::find(&context.tracker, &email).await {
            Ok(account) => Some(account.id),
            Err(Error::NotFound(_)) => {
                return Err(Error::field("user", "unknown", "belongs to no account").into());
            }
            Err(error) => return Err(error.into()),
        },
    };
    let filter = ReceiptFilter { user, state };
    let page = notifications::receipts(&mut conn, &filter, limit, cursor).await?;
    Ok(reply::json(StatusCode::OK, &page)?)
}

fn read<T>(
    reader: &mut Reader,
    name: &str,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, duly_tracker::input::Wrong>,
) -> Option<T> {
    match text.map(parse)? {
        Ok(value) => Some(value),
        Err(wrong) => {
            reader.refuse(name, wrong.code, wrong.message);
            None
        }
    }
}
