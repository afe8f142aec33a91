//! `/register`, `/login`, `/logout`, `/password/…`, `/email/…`, `/me`

use duly_tracker::users::{self, Registration};
use serde_json::json;

use crate::support::TestApp;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn somebody_registers_and_is_logged_in() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    let body = json!({ "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    let answer = client
        .post("/api/v1/register", body.clone())
        .await
        .expect(201);
    let account = answer.json();
    assert_eq!(account["time_zone"], "UTC");
    assert_eq!(account["reminder_time"], "09:00");
    assert_eq!(account["role"], "user");
    assert_eq!(account["email_confirmed"], false);
    let ann = client.with_session_of(&answer);
    assert_eq!(ann.get("/api/v1/me").await.expect(200).json(), account);
    app.run_jobs().await;
    assert_eq!(app.mails.mails().len(), 1);
    client
        .post("/api/v1/register", body)
        .await
        .wrong_fields(&["email taken"]);
}

#[tokio::test]
async fn every_wrong_field_of_a_registration_is_named_at_once() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    client
        .post(
            "/api/v1/register",
            json!({ "password": "short", "time_zone": "Mars/Base" }),
        )
        .await
        .wrong_fields(&[
            "name required",
            "email required",
            "time_zone unknown_time_zone",
            "password too_short",
        ]);
    let body = json!({ "name": "a\u{0}b", "email": "x", "password": PASSWORD, "role": "admin" });
    client
        .post("/api/v1/register", body)
        .await
        .wrong_fields(&["role unknown_field"]);
    let body = json!({ "name": "Ann", "email": "ann@example.org", "password": "passwordpassword" });
    client
        .post("/api/v1/register", body)
        .await
        .wrong_fields(&["password too_common"]);
}

#[tokio::test]
async fn who_may_register_is_for_the_operator_to_say() {
    let body = |email: &str| json!({ "name": "Ann", "email": email, "password": PASSWORD });
    let app = TestApp::with(
        |settings| settings.registration = Registration::Closed,
        |_| {},
    )
    .await;
    let client = app.anonymous();
    client
        .post("/api/v1/register", body("a@example.org"))
        .await
        .problem(403, "registration_closed");
    let link = users::setup_link(&app)
        .await
        .expect("works")
        .expect("nobody is there");
    let token = link.split_once("token=").expect("a token").1;
    let mut first = body("a@example.org");
    first["setup_token"] = json!(token);
    let account = client
        .post("/api/v1/register", first.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(account["role"], "admin");
    first["email"] = json!("b@example.org");
    client
        .post("/api/v1/register", first)
        .await
        .problem(410, "link_expired");
    app.run_jobs().await;

    let app = TestApp::with(
        |settings| settings.registration = Registration::Invite,
        |_| {},
    )
    .await;
    let client = app.anonymous();
    client
        .post("/api/v1/register", body("c@example.org"))
        .await
        .problem(403, "invitation_needed");
    let link = users::admin::invite(&app, None).await.expect("works");
    let mut invited = body("c@example.org");
    invited["invite"] = json!(link.split_once("invite=").expect("a token").1);
    client.post("/api/v1/register", invited).await.expect(201);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_log_in_opens_a_session_and_a_log_out_ends_it() {
    let app = TestApp::new().await;
    app.user("ann").await;
    let ann = app.log_in("ann").await;
    ann.get("/api/v1/me").await.expect(200);
    let answer = ann.ask("POST", "/api/v1/logout").await.expect(204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    ann.get("/api/v1/me").await.problem(401, "unauthenticated");
    ann.ask("POST", "/api/v1/logout").await.expect(204);
}

#[tokio::test]
async fn unknown_people_and_wrong_passwords_are_answered_alike() {
    let app = TestApp::new().await;
    app.user("ann").await;
    let client = app.anonymous();
    let mut answers = Vec::new();
    for email in ["ann@example.org", "nobody@example.org"] {
        let body = json!({ "email": email, "password": "a wrong password" });
        let answer = client
            .post("/api/v1/login", body)
            .await
            .problem(401, "wrong_credentials");
        let mut problem = answer.json();
        problem["request_id"] = json!(null);
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let app = TestApp::new().await;
    app.user("ann").await;
    let client = app.anonymous();
    let body = json!({ "email": "ann@example.org", "password": "a wrong password" });
    for _ in 0..5 {
        client
            .post("/api/v1/login", body.clone())
            .await
            .problem(401, "wrong_credentials");
    }
    let answer = client
        .post("/api/v1/login", body)
        .await
        .problem(429, "rate_limited");
    let seconds: i64 = answer.header("retry-after").parse().expect("seconds");
    app.advance(seconds);
    let right = json!({ "email": "ann@example.org", "password": PASSWORD });
    client.post("/api/v1/login", right).await.expect(200);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let client = app.anonymous();
    for email in ["ann@example.org", "nobody@example.org"] {
        let answer = client
            .post("/api/v1/password/forgot", json!({ "email": email }))
            .await;
        assert!(answer.expect(202).body.is_empty());
    }
    app.run_jobs().await;
    assert_eq!(app.mails.mails().len(), 1);
    let token = app.mailed_token("reset");
    let body = |password: &str| json!({ "token": token, "password": password });
    let path = "/api/v1/password/reset";
    client
        .post(path, body("short"))
        .await
        .wrong_fields(&["password too_short"]);
    client
        .post(path, body("another horse battery"))
        .await
        .expect(204);
    client
        .post(path, body("a third horse battery"))
        .await
        .problem(410, "link_expired");
    ann.get("/api/v1/me").await.problem(401, "unauthenticated");
    let login = json!({ "email": "ann@example.org", "password": "another horse battery" });
    client.post("/api/v1/login", login).await.expect(200);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_link_for_a_new_password_works_for_an_hour() {
    let app = TestApp::new().await;
    app.user("ann").await;
    let client = app.anonymous();
    client
        .post(
            "/api/v1/password/forgot",
            json!({ "email": "ann@example.org" }),
        )
        .await
        .expect(202);
    app.run_jobs().await;
    let token = app.mailed_token("reset");
    app.advance(3600);
    let body = json!({ "token": token, "password": "another horse battery" });
    client
        .post("/api/v1/password/reset", body)
        .await
        .problem(410, "link_expired");
}

#[tokio::test]
async fn an_address_is_confirmed_by_mail() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.ask("POST", "/api/v1/email/resend").await.expect(202);
    app.run_jobs().await;
    let body = json!({ "token": app.mailed_token("confirm") });
    let path = "/api/v1/email/confirm";
    app.anonymous().post(path, body.clone()).await.expect(204);
    app.anonymous()
        .post(path, body)
        .await
        .problem(410, "link_expired");
    assert_eq!(ann.get("/api/v1/me").await.json()["email_confirmed"], true);
}

#[tokio::test]
async fn a_new_address_takes_effect_when_it_is_confirmed() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.patch("/api/v1/me", json!({ "email": "new@example.org" }))
        .await
        .wrong_fields(&["current_password required"]);
    let change = json!({ "email": "new@example.org", "current_password": PASSWORD });
    let account = ann.patch("/api/v1/me", change).await.expect(200).json();
    assert_eq!(account["email"], "ann@example.org");
    assert_eq!(account["pending_email"], "new@example.org");
    app.run_jobs().await;
    let body = json!({ "token": app.mailed_token("confirm") });
    app.anonymous()
        .post("/api/v1/email/confirm", body)
        .await
        .expect(204);
    app.run_jobs().await;
    let account = ann.get("/api/v1/me").await.expect(200).json();
    assert_eq!(account["email"], "new@example.org");
    assert_eq!(account["pending_email"], json!(null));
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_renews_this_one() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let phone = app.log_in("ann").await;
    let change = json!({ "password": "another horse battery", "current_password": PASSWORD });
    let answer = ann.patch("/api/v1/me", change).await.expect(200);
    let renewed = ann.with_session_of(&answer);
    renewed.get("/api/v1/me").await.expect(200);
    ann.get("/api/v1/me").await.problem(401, "unauthenticated");
    phone
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
    app.run_jobs().await;
}

#[tokio::test]
async fn settings_are_changed_one_by_one() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let change = json!({ "time_zone": "asia/tokyo", "reminder_time": "07:15", "reminders": false });
    let account = ann.patch("/api/v1/me", change).await.expect(200).json();
    assert_eq!(account["time_zone"], "Asia/Tokyo");
    assert_eq!(account["reminder_time"], "07:15");
    assert_eq!(account["reminders"], false);
    assert_eq!(account["name"], "ann");
    let wrong =
        json!({ "name": null, "reminders": "yes", "reminder_time": "24:00", "locale": "?" });
    ann.patch("/api/v1/me", wrong).await.wrong_fields(&[
        "name not_null",
        "locale invalid",
        "reminders invalid_type",
        "reminder_time invalid",
    ]);
}
