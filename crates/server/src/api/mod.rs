//! The API: one file per resource, and here every URL there is.

mod account;
mod activity;
mod admin;
mod bulk;
pub mod document;
mod events;
mod input;
pub(crate) mod kept;
pub(crate) mod known;
mod labels;
mod notifications;
mod page_errors;
pub(crate) mod permit;
pub mod problem;
pub(crate) mod reply;
mod sessions;
mod statistics;
pub(crate) mod tasks;
mod tokens;
mod transfer;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Context;
use crate::{docs, mail_links, web};
use problem::{Code, Problem};

/// Every URL of the API. Not nested: each request would have its URL written anew.
fn v1(document: OpenApi) -> OpenApiRouter<Arc<Context>> {
    let router = OpenApiRouter::with_openapi(document)
        .routes(routes!(account::register))
        .routes(routes!(account::log_in))
        .routes(routes!(account::log_out))
        .routes(routes!(account::forgot_password))
        .routes(routes!(account::reset_password))
        .routes(routes!(account::confirm_email))
        .routes(routes!(account::resend_confirmation))
        .routes(routes!(account::me, account::change_me))
        .routes(routes!(sessions::list, sessions::revoke_others))
        .routes(routes!(sessions::get, sessions::revoke))
        .routes(routes!(tokens::list, tokens::create, tokens::revoke_all))
        .routes(routes!(tokens::get, tokens::revoke))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(bulk::bulk))
        .routes(routes!(tasks::get, tasks::change, tasks::delete))
        .routes(routes!(tasks::restore))
        .routes(routes!(activity::list))
        .routes(routes!(events::listen))
        .routes(routes!(labels::list))
        .routes(routes!(statistics::show))
        .routes(routes!(notifications::list))
        .routes(routes!(page_errors::report))
        .routes(routes!(transfer::import))
        .routes(routes!(transfer::export));
    for_administrators(router)
}

fn for_administrators(router: OpenApiRouter<Arc<Context>>) -> OpenApiRouter<Arc<Context>> {
    router
        .routes(routes!(admin::database))
        .routes(routes!(admin::cache))
        .routes(routes!(admin::slow_queries))
        .routes(routes!(admin::plan))
        .routes(routes!(admin::queues))
        .routes(routes!(admin::measures))
        .routes(routes!(admin::balance_settings))
        .routes(routes!(
            admin::change_queue_limits,
            admin::reset_queue_limits
        ))
        .routes(routes!(admin::replay))
        .routes(routes!(admin::decisions))
        .routes(routes!(admin::actions))
        .routes(routes!(admin::pause_queue))
        .routes(routes!(admin::resume_queue))
        .routes(routes!(admin::pause_kind))
        .routes(routes!(admin::resume_kind))
        .routes(routes!(admin::filters))
        .routes(routes!(admin::save_filter, admin::delete_filter))
        .routes(routes!(admin::tags))
        .routes(routes!(admin::watch_tag, admin::unwatch_tag))
        .routes(routes!(admin::receipts))
        .routes(routes!(admin::batches))
        .routes(routes!(admin::batch))
        .routes(routes!(admin::cancel_batch))
        .routes(routes!(admin::schedules))
        .routes(routes!(admin::run_schedule))
        .routes(routes!(admin::pause_schedule))
        .routes(routes!(admin::resume_schedule))
        .routes(routes!(admin::jobs))
        .routes(routes!(admin::job))
        .routes(routes!(admin::failures))
        .routes(routes!(admin::retry))
        .routes(routes!(admin::count))
        .routes(routes!(admin::cancel))
        .routes(routes!(admin::forget))
}

/// Every URL there is: the API, its documentation, and the page for all others.
pub(crate) fn router(context: Arc<Context>) -> Router {
    let (v1, _) = v1(OpenApi::default()).split_for_parts();
    v1.route("/api/openapi.json", get(docs::document))
        .route("/api/docs", get(docs::page))
        .route("/api/docs.css", get(docs::stylesheet))
        .merge(mail_links::router())
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .fallback(web::serve)
        .with_state(context)
}
