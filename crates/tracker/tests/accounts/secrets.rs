//! A stolen copy of the database opens nothing.

use duly_db::{Engine, query};
use duly_tracker::secret::Secret;
use duly_tracker::testing::TestTracker;
use duly_tracker::tokens;
use duly_tracker::users::{Email, admin, request_password_reset, setup_link};
use serde_json::json;

use crate::{
    OTHER_PASSWORD, PASSWORD, ask_for_reset, change, confirmed, home, mailed_secret, now, register,
    secret_in, text,
};

/// Every byte of the database, with all tables and all jobs, waiting ones included. Of a server it
/// is what its tables answer, with bytes as lists of numbers.
async fn copy(app: &TestTracker) -> Vec<u8> {
    let tables = match app.db.engine() {
        Engine::Sqlite => {
            let path = app.database.folder().join("stolen.db");
            app.db.copy_to(&path).await.unwrap();
            return std::fs::read(path).unwrap();
        }
        Engine::Postgres => {
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
        }
        Engine::MariaDb | Engine::MySql => {
            "SELECT table_name AS name FROM information_schema.tables \
             WHERE table_schema = DATABASE()"
        }
    };
    let mut all = String::new();
    for table in app.db.read_fresh().rows(query(tables)).await.unwrap() {
        let rows = query(format!(
            "SELECT * FROM {}",
            table.get::<String>("name").unwrap()
        ));
        all += &format!("{:?}", app.db.read_fresh().rows(rows).await.unwrap());
    }
    all.into_bytes()
}

fn holds(copy: &[u8], needle: &[u8]) -> bool {
    let listed = format!("{needle:?}");
    let listed = listed.trim_matches(['[', ']']).as_bytes();
    let found = |needle: &[u8]| copy.windows(needle.len()).any(|window| window == needle);
    found(needle) || found(listed)
}

#[tokio::test]
async fn no_secret_is_kept_in_clear() {
    let app = TestTracker::new().await;
    let mut secrets = vec![secret_in(&setup_link(&app).await.unwrap().unwrap())];
    let (ada, session) = confirmed(&app, "Ada").await;
    let (_, eves_session) = register(&app, "Eve").await;
    app.run_jobs().await;
    secrets.extend([mailed_secret(&app), session.clone(), eves_session]);
    secrets.push(secret_in(&admin::invite(&app, None).await.unwrap()));
    secrets.push(secret_in(
        &admin::reset_link(&app, &text("eve@example.org"))
            .await
            .unwrap(),
    ));
    let input: tokens::NewTokenInput =
        serde_json::from_value(json!({ "name": "cron", "abilities": ["*"] })).unwrap();
    let made = tokens::create(&app, ada.id, input.parse(now(&app)).unwrap(), None).await;
    let (_, token) = made.unwrap().fresh().unwrap();
    secrets.push(token);
    let json = json!({ "password": OTHER_PASSWORD, "current_password": PASSWORD });
    secrets.extend(change(&app, &session, json).await.unwrap().session);
    secrets.push(ask_for_reset(&app, "ada@example.org").await);
    request_password_reset(&app, text::<Email>("eve@example.org"), home())
        .await
        .unwrap();

    let copy = copy(&app).await;
    assert!(
        holds(&copy, b"ada@example.org"),
        "the search finds what is there"
    );
    assert!(holds(&copy, b"send_password_reset"), "a job waits");
    for secret in &secrets {
        assert!(
            !holds(&copy, secret.reveal().as_bytes()),
            "{}",
            secret.reveal()
        );
    }
    for password in [PASSWORD, OTHER_PASSWORD] {
        assert!(!holds(&copy, password.as_bytes()));
    }
    // What is kept of a session, a token or a link is no key to it either.
    for secret in &secrets {
        let stolen: String = secret
            .hash()
            .0
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let stolen = Secret::received(stolen);
        assert!(
            duly_tracker::sessions::authenticate(&app, &stolen)
                .await
                .is_err()
        );
    }
}

#[test]
fn secrets_do_not_show_in_logs() {
    let secret = Secret::received("s3cr3t-s3ss10n");
    let password: duly_tracker::users::password::Password = text("s3cr3t-passw0rd");
    let log_in = duly_tracker::sessions::LogIn {
        email: text("a@example.org"),
        password,
    };
    let shown = format!("{secret:?} {log_in:?} {:?}", {
        let mut client = home();
        client.session = Some(secret.clone());
        client
    });
    assert!(!shown.contains("s3cr3t"), "{shown}");
}
