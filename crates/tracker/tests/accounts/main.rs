//! Accounts, sessions, tokens and the mails about them, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod admin;
mod email_change;
mod fields;
mod limits;
mod mail_server_down;
mod passwords;
mod recovery;
mod registration;
mod secrets;
mod sessions;
mod tokens;

use duly_db::{Clock, Version, versions};
use duly_tracker::input::FromText;
use duly_tracker::secret::Secret;
use duly_tracker::sessions::{ClientInfo, LogIn, Principal, authenticate, log_in};
use duly_tracker::testing::TestTracker;
use duly_tracker::users::password::Password;
use duly_tracker::users::{
    self, Account, ChangedProfile, Email, ProfileChangeInput, RegistrationInput,
};
use duly_tracker::{Error, Result, Tracker, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const PASSWORD: &str = "a quiet walk by the river";
const OTHER_PASSWORD: &str = "three loud frogs at noon";

fn text<T: FromText>(text: &str) -> T {
    T::from_text(text).unwrap()
}

fn client(ip: &str) -> ClientInfo {
    ClientInfo::new(ip.parse().unwrap(), "Firefox")
}

fn home() -> ClientInfo {
    client("192.0.2.1")
}

async fn register_with(tracker: &Tracker, json: Value) -> Result<(Account, Secret)> {
    let input: RegistrationInput = serde_json::from_value(json).unwrap();
    users::register(tracker, input.parse(tracker)?, home()).await
}

/// Somebody with the address `<name>@example.org`, unconfirmed, and their session.
async fn register(app: &TestTracker, name: &str) -> (Account, Secret) {
    let email = format!("{}@example.org", name.to_lowercase());
    let json = json!({ "name": name, "email": email, "password": PASSWORD });
    register_with(app, json).await.unwrap()
}

/// Somebody whose address is confirmed; all mails are gone.
async fn confirmed(app: &TestTracker, name: &str) -> (Account, Secret) {
    let (account, secret) = register(app, name).await;
    app.run_jobs().await;
    users::confirm_email(app, mailed_secret(app)).await.unwrap();
    let _ = app.mails.take_mails();
    (account, secret)
}

async fn try_log_in(
    tracker: &Tracker,
    email: &str,
    password: &str,
    client: ClientInfo,
) -> Result<(Account, Secret)> {
    let credentials = LogIn {
        email: text(email),
        password: text::<Password>(password),
    };
    log_in(tracker, credentials, client).await
}

async fn principal(app: &TestTracker, secret: &Secret) -> Principal {
    authenticate(app, secret).await.unwrap()
}

async fn change(app: &TestTracker, session: &Secret, json: Value) -> Result<ChangedProfile> {
    let input: ProfileChangeInput = serde_json::from_value(json).unwrap();
    let principal = authenticate(app, session).await?;
    users::change_profile(app, &principal, input.parse()?).await
}

/// The secret at the end of a link.
fn secret_in(url: &str) -> Secret {
    Secret::received(url.rsplit_once('=').unwrap().1)
}

/// The secret of the link in the mail that was the last to have one.
fn mailed_secret(app: &TestTracker) -> Secret {
    let mails = app.mails.mails();
    let mut lines = mails.iter().rev().flat_map(|mail| mail.text.lines());
    secret_in(lines.find(|line| line.starts_with("https://")).unwrap())
}

async fn ask_for_reset(app: &TestTracker, email: &str) -> Secret {
    users::request_password_reset(app, text::<Email>(email), home())
        .await
        .unwrap();
    app.run_jobs().await;
    mailed_secret(app)
}

async fn reset(tracker: &Tracker, token: &Secret, password: &str) -> Result<()> {
    let reset = users::PasswordReset {
        token: token.clone(),
        password: text(password),
    };
    users::reset_password(tracker, reset, home()).await
}

async fn version(app: &TestTracker, user: UserId) -> Version {
    versions::current(&mut app.db.read_fresh(), user.0)
        .await
        .unwrap()
        .unwrap()
}

fn now(app: &TestTracker) -> Timestamp {
    app.clock.as_ref().now()
}

fn advance(app: &TestTracker, minutes: i64) {
    app.clock.advance(SignedDuration::from_mins(minutes));
}

/// The field and the code of the only wrong field.
fn wrong<T: std::fmt::Debug>(answer: Result<T>) -> (String, &'static str) {
    match answer {
        Err(Error::Invalid(errors)) if errors.len() == 1 => {
            (errors[0].field.clone(), errors[0].code)
        }
        other => unreachable!("one wrong field was expected, not {other:?}"),
    }
}

/// Runs two calls at the same time and answers how many of them succeeded.
async fn both_at_once<T: Send + 'static>(
    call: impl Fn() -> std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send>>,
) -> usize {
    let (first, second) = (tokio::spawn(call()), tokio::spawn(call()));
    let answers = [first.await.unwrap(), second.await.unwrap()];
    answers.iter().filter(|answer| answer.is_ok()).count()
}
