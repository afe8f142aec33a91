//! Who may do what: every operation of the OpenAPI document, by everybody who could try

mod operation;
mod shared_caches;

use std::time::Duration;

use duly_db::query;
use duly_queue::store::{Filter, Listing, State};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};
use operation::{Operation, attempt, body, operations};

/// Somebody with one of everything.
struct Owner {
    name: String,
    session: Client,
    task: String,
    trashed: String,
    other_session: String,
    token: String,
    slow_query: String,
    job: String,
    queue: String,
    kind: String,
    schedule: String,
    batch: String,
}

async fn owner(app: &TestApp, name: String) -> Owner {
    let session = app.user(&name).await;
    let id = |value: Value| value["id"].as_str().expect("an id").to_owned();
    let secret = json!({ "title": format!("secret of {name}"), "labels": ["secret"] });
    let task = id(session.task(secret.clone()).await);
    let trashed = id(session.task(secret).await);
    session
        .delete(&format!("/api/v1/tasks/{trashed}"))
        .await
        .expect(204);
    app.log_in(&name).await;
    let sessions = session.get("/api/v1/sessions").await.expect(200).json();
    let sessions = sessions["data"].as_array().expect("a list");
    let other = sessions
        .iter()
        .find(|session| session["current"] == false)
        .expect("another");
    let made = json!({ "name": format!("secret of {name}"), "abilities": ["tasks:read"] });
    let token = id(session
        .post("/api/v1/tokens", made)
        .await
        .expect(201)
        .json());
    Owner {
        other_session: id(other.clone()),
        name,
        session,
        task,
        trashed,
        token,
        slow_query: slow_query(app),
        job: job(app).await,
        queue: "maintenance".to_owned(),
        kind: "purge_trash".to_owned(),
        schedule: "purge_trash".to_owned(),
        batch: batch(app).await,
    }
}

/// Jobs that belong together.
async fn batch(app: &TestApp) -> String {
    let mut tx = app.db.begin();
    let batch = app.queue.batch("letters").open(&mut tx).await;
    let batch = batch.expect("the store works");
    tx.commit().await.expect("the store works");
    batch.to_string()
}

/// Something that was done, which administrators can look at.
async fn job(app: &TestApp) -> String {
    let listing = Listing {
        state: State::Done,
        filter: &Filter::default(),
        limit: 1,
        after: None,
    };
    let done = app.tracker.queue.operations().list(&listing).await;
    done.expect("a list")[0].id.to_string()
}

/// Something slow that administrators can look at.
fn slow_query(app: &TestApp) -> String {
    let asked = query("SELECT name FROM users WHERE name = ?1").bind("secret of slowness");
    app.tracker.db.pretend_slow(&asked, Duration::from_secs(1));
    app.tracker.db.slow_queries().data[0].id.clone()
}

/// Everything of the owner that a stranger could have changed.
async fn state(owner: &Owner) -> Vec<Value> {
    let mut state = Vec::new();
    for path in [
        "me",
        "tasks",
        "tasks?trash=true",
        "labels",
        "sessions",
        "tokens",
    ] {
        let mut answer = owner
            .session
            .get(&format!("/api/v1/{path}"))
            .await
            .expect(200)
            .json();
        for row in answer["data"].as_array_mut().into_iter().flatten() {
            // Having been used is not having been changed.
            let row = row.as_object_mut().expect("a row");
            row.remove("last_seen_at");
            row.remove("last_used_at");
        }
        state.push(answer);
    }
    state
}

/// Sends what may not be done, and looks whether anything was done or told.
async fn denied(operation: &Operation, by: &Client, on: &Owner, expected: u16, who: &str) {
    let before = state(on).await;
    let answer = attempt(operation, by, on).await;
    assert_eq!(
        answer.status,
        expected,
        "{} by {who}: {}",
        operation.id,
        answer.text()
    );
    assert!(
        !answer.text().contains("secret of"),
        "{} told {who}",
        operation.id
    );
    assert_eq!(
        state(on).await,
        before,
        "{} by {who} changed something",
        operation.id
    );
}

#[tokio::test]
async fn nobody_does_more_than_the_document_says() {
    let app = TestApp::new().await;
    let stranger = app.user("stranger").await;
    for operation in operations(&app).await {
        let on = owner(&app, format!("{}.denied", operation.id)).await;
        if operation.open {
            let answer = attempt(&operation, &app.anonymous(), &on).await;
            let dead_link = matches!(operation.id.as_str(), "resetPassword" | "confirmEmail");
            assert_eq!(
                answer.status,
                if dead_link { 410 } else { operation.success }
            );
            continue;
        }
        for (who, by) in powerless(&app, &on).await {
            denied(&operation, &by, &on, 401, who).await;
        }
        if operation.restricted {
            restricted(&app, &operation, &stranger, &on).await;
            continue;
        }
        foreign(&operation, &stranger, &on).await;
        for ability in ["tasks:read", "tasks:write", "account:read", "*"] {
            let allowed = match operation.ability.as_deref() {
                Some(needed) => ability == needed || ability == "*",
                None => false,
            };
            if allowed {
                let on = owner(&app, format!("{}.{}", operation.id, ability.len())).await;
                let by = on.session.token(&[ability]).await;
                let answer = attempt(&operation, &by, &on).await;
                assert_eq!(
                    answer.status, operation.success,
                    "{} by {ability}",
                    operation.id
                );
            } else {
                let by = on.session.token(&[ability]).await;
                denied(&operation, &by, &on, 403, ability).await;
            }
        }
        let answer = attempt(&operation, &on.session, &on).await;
        assert_eq!(
            answer.status,
            operation.success,
            "{}: {}",
            operation.id,
            answer.text()
        );
    }
    app.run_jobs().await;
}

/// What administrators may do, and only while they are logged in.
async fn restricted(app: &TestApp, operation: &Operation, stranger: &Client, on: &Owner) {
    let token = on.session.token(&["*"]).await;
    for (who, by) in [
        ("a stranger", stranger),
        ("its owner", &on.session),
        ("a token", &token),
    ] {
        denied(operation, by, on, 403, who).await;
    }
    let on = owner(app, format!("{}.administrator", operation.id)).await;
    app.promote(&on.name).await;
    let token = on.session.token(&["*"]).await;
    denied(operation, &token, &on, 403, "a token of an administrator").await;
    let answer = attempt(operation, &on.session, &on).await;
    assert_eq!(answer.status, operation.success, "{}", answer.text());
    assert!(!answer.text().contains("secret of"), "{}", answer.text());
}

/// Those whose way in is worth nothing any more, or never was.
async fn powerless(app: &TestApp, on: &Owner) -> Vec<(&'static str, Client)> {
    let anonymous = app.anonymous();
    let body = json!({ "name": "secret of revocation", "abilities": ["*"] });
    let made = on.session.post("/api/v1/tokens", body).await.expect(201);
    let revoked_token = on
        .session
        .with_token(made.json()["token"].as_str().expect("text"));
    on.session.delete(made.header("location")).await.expect(204);
    let logged_out = app.log_in(&on.name).await;
    logged_out.ask("POST", "/api/v1/logout").await.expect(204);
    let misplaced = on
        .session
        .cookie()
        .split_once('=')
        .expect("a value")
        .1
        .to_owned();
    vec![
        ("anonymous", anonymous.clone()),
        ("a made-up token", anonymous.with_token("duly_x_y_z")),
        ("a revoked token", revoked_token),
        ("a logged-out session", logged_out),
        (
            "a session's secret as a token",
            anonymous.with_token(&misplaced),
        ),
    ]
}

/// Somebody else, who may do it with what is theirs, but not with what is the owner's.
async fn foreign(operation: &Operation, stranger: &Client, on: &Owner) {
    if operation.path.contains("{id}") {
        denied(operation, stranger, on, 404, "a stranger").await;
    } else if operation.id == "changeTasks" {
        denied(operation, stranger, on, 422, "a stranger").await;
    } else if operation.id != "revokeOtherSessions" && operation.id != "revokeAllTokens" {
        denied(operation, stranger, on, operation.success, "a stranger").await;
    }
}

#[tokio::test]
async fn what_has_expired_opens_nothing() {
    let app = TestApp::new().await;
    let on = owner(&app, "ann".into()).await;
    let body = json!({ "name": "x", "abilities": ["*"], "expires_at": "2026-11-24T00:00:00Z" });
    let made = on
        .session
        .post("/api/v1/tokens", body)
        .await
        .expect(201)
        .json();
    let token = on
        .session
        .with_token(made["token"].as_str().expect("a token"));
    let operations = operations(&app).await;
    app.advance(20 * 86_400);
    for operation in operations.iter().filter(|operation| !operation.open) {
        for by in [&token, &on.session] {
            let answer = attempt(operation, by, &on).await;
            assert_eq!(answer.status, 401, "{}", operation.id);
        }
    }
}

#[tokio::test]
async fn no_body_can_name_what_is_not_its_to_say() {
    let app = TestApp::new().await;
    let on = owner(&app, "ann".into()).await;
    app.promote(&on.name).await;
    for operation in operations(&app)
        .await
        .iter()
        .filter(|operation| operation.has_json_body)
    {
        for field in ["user_id", "owner_id", "is_admin", "created_at", "version"] {
            let mut body = body(operation, &on).expect("a body");
            body[field] = json!("x");
            let path = operation.path.replace("{id}", &on.task);
            let answer = on.session.ask(&operation.method, &path).json(&body).await;
            assert_eq!(
                answer.fields(),
                [format!("{field} unknown_field")],
                "{}",
                operation.id
            );
        }
    }
}

#[tokio::test]
async fn the_id_of_one_kind_of_thing_is_none_of_another() {
    let app = TestApp::new().await;
    let on = owner(&app, "ann".into()).await;
    app.promote(&on.name).await;
    let ids = [&on.task, &on.other_session, &on.token];
    for operation in operations(&app)
        .await
        .iter()
        .filter(|it| it.path.contains("{id}") && !is_of_names(it))
    {
        for id in ids {
            let swapped = Owner {
                name: on.name.clone(),
                session: on.session.clone(),
                task: if id == &on.task {
                    on.token.clone()
                } else {
                    id.clone()
                },
                trashed: on.token.clone(),
                other_session: on.task.clone(),
                token: on.other_session.clone(),
                slow_query: id.clone(),
                job: id.clone(),
                queue: id.clone(),
                kind: id.clone(),
                schedule: id.clone(),
                batch: id.clone(),
            };
            denied_by_owner(operation, &on, &swapped).await;
        }
    }
}

/// Whether it is about something whose id is a name that whoever asks makes up.
fn is_of_names(operation: &Operation) -> bool {
    let names = ["/api/v1/admin/job-tags/", "/api/v1/admin/job-filters/"];
    names.iter().any(|name| operation.path.starts_with(name))
}

async fn denied_by_owner(operation: &Operation, on: &Owner, swapped: &Owner) {
    let before = state(on).await;
    let answer = attempt(operation, &on.session, swapped).await;
    assert_eq!(answer.status, 404, "{}: {}", operation.id, answer.text());
    assert_eq!(state(on).await, before, "{}", operation.id);
}
