//! `/labels`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::Page;
use duly_tracker::tasks::{self, LabelCount};

use super::input::Parameters;
use super::kept::{self, Hand};
use super::permit::{TasksRead, Viewer};
use super::reply::Reply;
use crate::app::Context;

/// Lists the labels in use, in alphabetical order.
#[utoipa::path(
    get,
    path = "/api/v1/labels",
    operation_id = "listLabels",
    tag = "tasks",
    responses(
        (status = 200, description = "Every label.", body = Page<LabelCount>),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    viewer: Viewer<TasksRead>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let load = async || {
        let mut conn = viewer.conn(&context);
        let labels = tasks::labels(&mut conn, viewer.visitor.principal.user).await?;
        Ok((labels, conn.label()))
    };
    kept::view(&context, &viewer, &headers, || Hand::None, load).await
}
