//! `/register`, `/login`, `/logout`, `/password/…`, `/email/…`, `/me`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use duly_tracker::secret::Secret;
use duly_tracker::sessions::{self, LogInInput};
use duly_tracker::users::{
    self, Account, ForgottenPasswordInput, LinkInput, PasswordResetInput, ProfileChangeInput,
    RegistrationInput,
};

use super::input::{Client, JsonBody};
use super::kept::{self, Hand};
use super::permit::{AccountRead, SessionOnly, Viewer, session_secret};
use super::reply::{self, Reply};
use super::tasks;
use crate::app::Context;
use crate::http::cookie;

/// Makes an account and logs in.
#[utoipa::path(
    post,
    path = "/api/v1/register",
    operation_id = "register",
    tag = "account",
    request_body(content = RegistrationInput, example = json!({"name": "Ann", "email": "ann@example.org", "password": "correct horse battery", "time_zone": "Europe/Berlin"})),
    responses(
        (status = 201, description = "The account; the session is in the cookie.", body = Account, headers(("Set-Cookie" = String))),
        (status = 403, description = "`registration_closed` or `invitation_needed`."),
        (status = 410, description = "The invitation does not hold any more."),
        (status = 429, description = "Too many attempts."),
    )
)]
pub(crate) async fn register(
    State(context): State<Arc<Context>>,
    Client(client): Client,
    body: JsonBody<RegistrationInput>,
) -> Reply {
    let new = body.value.parse(&context.tracker)?;
    let (account, secret) = users::register(&context.tracker, new, client).await?;
    let mut response = reply::json(StatusCode::CREATED, &account)?;
    keep_session(&context, &mut response, &secret);
    Ok(response)
}

/// Logs in.
#[utoipa::path(
    post,
    path = "/api/v1/login",
    operation_id = "logIn",
    tag = "account",
    request_body(content = LogInInput, example = json!({"email": "ann@example.org", "password": "correct horse battery"})),
    responses(
        (status = 200, description = "The account; the session is in the cookie.", body = Account, headers(("Set-Cookie" = String))),
        (status = 401, description = "The e-mail or the password is wrong."),
        (status = 429, description = "Too many attempts."),
    )
)]
pub(crate) async fn log_in(
    State(context): State<Arc<Context>>,
    Client(client): Client,
    body: JsonBody<LogInInput>,
) -> Reply {
    let log_in = body.value.parse()?;
    let (account, secret) = sessions::log_in(&context.tracker, log_in, client).await?;
    tasks::expect_first_list(&context, &secret);
    let mut response = reply::json(StatusCode::OK, &account)?;
    keep_session(&context, &mut response, &secret);
    Ok(response)
}

/// Logs out. Without a session there is nothing to do.
#[utoipa::path(
    post,
    path = "/api/v1/logout",
    operation_id = "logOut",
    tag = "account",
    responses((status = 204, description = "The session has ended.", headers(("Set-Cookie" = String))))
)]
pub(crate) async fn log_out(State(context): State<Arc<Context>>, headers: HeaderMap) -> Reply {
    if let Some(secret) = session_secret(&context, &headers) {
        sessions::log_out(&context.tracker, &secret).await?;
    }
    let mut response = reply::no_content();
    if let Some(cookie) = cookie::forget(context.https()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Has a link for a new password mailed, if the address has an account. The answer does not say.
#[utoipa::path(
    post,
    path = "/api/v1/password/forgot",
    operation_id = "forgotPassword",
    tag = "account",
    request_body(content = ForgottenPasswordInput, example = json!({"email": "ann@example.org"})),
    responses((status = 202, description = "Taken note of."))
)]
pub(crate) async fn forgot_password(
    State(context): State<Arc<Context>>,
    Client(client): Client,
    body: JsonBody<ForgottenPasswordInput>,
) -> Reply {
    let email = body.value.parse()?;
    users::request_password_reset(&context.tracker, email, client).await?;
    Ok(reply::accepted())
}

/// Sets a new password with the mailed link and ends every session.
#[utoipa::path(
    post,
    path = "/api/v1/password/reset",
    operation_id = "resetPassword",
    tag = "account",
    request_body(content = PasswordResetInput),
    responses(
        (status = 204, description = "The new password holds."),
        (status = 410, description = "The link does not hold any more."),
    )
)]
pub(crate) async fn reset_password(
    State(context): State<Arc<Context>>,
    Client(client): Client,
    body: JsonBody<PasswordResetInput>,
) -> Reply {
    let reset = body.value.parse()?;
    users::reset_password(&context.tracker, reset, client).await?;
    Ok(reply::no_content())
}

/// Confirms an e-mail address with the mailed link.
#[utoipa::path(
    post,
    path = "/api/v1/email/confirm",
    operation_id = "confirmEmail",
    tag = "account",
    request_body(content = LinkInput),
    responses(
        (status = 204, description = "The address is confirmed."),
        (status = 410, description = "The link does not hold any more."),
    )
)]
pub(crate) async fn confirm_email(
    State(context): State<Arc<Context>>,
    body: JsonBody<LinkInput>,
) -> Reply {
    let token = body.value.parse()?;
    users::confirm_email(&context.tracker, token).await?;
    Ok(reply::no_content())
}

/// Has the confirmation of the e-mail address mailed again.
#[utoipa::path(
    post,
    path = "/api/v1/email/resend",
    operation_id = "resendConfirmation",
    tag = "account",
    responses((status = 202, description = "Taken note of.")),
    security(("session" = []))
)]
pub(crate) async fn resend_confirmation(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
) -> Reply {
    users::resend_confirmation(&context.tracker, permit.principal.user).await?;
    Ok(reply::accepted())
}

/// Shows your account.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "getAccount",
    tag = "account",
    responses(
        (status = 200, description = "Your account.", body = Account),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["account:read"]))
)]
pub(crate) async fn me(
    State(context): State<Arc<Context>>,
    viewer: Viewer<AccountRead>,
    headers: HeaderMap,
) -> Reply {
    let load = async || {
        let mut conn = viewer.conn(&context);
        let account = users::profile(&mut conn, viewer.visitor.principal.user).await?;
        Ok((account, conn.label()))
    };
    kept::view(&context, &viewer, &headers, || Hand::None, load).await
}

/// Changes your account. Fields left out stay as they are.
///
/// A new e-mail address takes effect when the link mailed to it is opened. A new password ends
/// every other session.
#[utoipa::path(
    patch,
    path = "/api/v1/me",
    operation_id = "changeAccount",
    tag = "account",
    request_body(content = ProfileChangeInput, example = json!({"time_zone": "Europe/Berlin", "reminder_time": "08:30"})),
    responses((status = 200, description = "Your account as it is now.", body = Account)),
    security(("session" = []))
)]
pub(crate) async fn change_me(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    body: JsonBody<ProfileChangeInput>,
) -> Reply {
    let change = body.value.parse()?;
    let changed = users::change_profile(&context.tracker, &permit.principal, change).await?;
    let mut response = reply::json(StatusCode::OK, &changed.account)?;
    if let Some(secret) = &changed.session {
        keep_session(&context, &mut response, secret);
    }
    Ok(response)
}

fn keep_session(context: &Context, response: &mut Response, secret: &Secret) {
    let lifetime = context.tracker.settings.session_lifetime;
    if let Some(cookie) = cookie::keep(secret, lifetime, context.https()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
