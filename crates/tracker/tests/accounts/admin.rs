//! What the operator does on the command line.

use duly_tracker::Error;
use duly_tracker::testing::TestTracker;
use duly_tracker::users::admin::{NewUser, create, list, promote, reset_link};
use duly_tracker::users::{Registration, Role, TimeZoneName};

use crate::{
    OTHER_PASSWORD, PASSWORD, confirmed, home, principal, register, reset, secret_in, text,
    try_log_in, version, wrong,
};

pub(crate) fn new_user(name: &str, password: Option<&str>) -> NewUser {
    NewUser {
        name: text(name),
        email: text(&format!("{}@example.org", name.to_lowercase())),
        password: password.map(text),
        role: Role::User,
        time_zone: TimeZoneName::utc(),
    }
}

#[tokio::test]
async fn accounts_can_be_made_although_registration_is_closed() {
    let app = TestTracker::with(|settings| settings.registration = Registration::Closed).await;
    let account = create(&app, new_user("Ada", Some(PASSWORD))).await.unwrap();
    assert!(account.email_confirmed);
    try_log_in(&app, "ada@example.org", PASSWORD, home())
        .await
        .unwrap();
    let again = create(&app, new_user("ADA", Some(PASSWORD))).await;
    assert_eq!(wrong(again), ("email".into(), "taken"));
    let weak = create(&app, new_user("Bob", Some("password"))).await;
    assert_eq!(wrong(weak), ("password".into(), "too_short"));
}

#[tokio::test]
async fn without_a_password_the_person_chooses_one_by_link() {
    let app = TestTracker::new().await;
    create(&app, new_user("Ada", None)).await.unwrap();
    let nothing_fits = try_log_in(&app, "ada@example.org", PASSWORD, home()).await;
    assert!(matches!(nothing_fits, Err(Error::WrongCredentials)));
    let url = reset_link(&app, &text("ADA@example.org")).await.unwrap();
    assert!(
        url.starts_with("https://duly.example/reset?token="),
        "{url}"
    );
    reset(&app, &secret_in(&url), OTHER_PASSWORD).await.unwrap();
    try_log_in(&app, "ada@example.org", OTHER_PASSWORD, home())
        .await
        .unwrap();
    let nobody = reset_link(&app, &text("eve@example.org")).await;
    assert!(matches!(nobody, Err(Error::NotFound("account"))));
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_names_everybody_once() {
    let app = TestTracker::new().await;
    let mut names = Vec::new();
    for number in 0..7 {
        let name = format!("P{number}");
        create(&app, new_user(&name, None)).await.unwrap();
        app.clock.advance(jiff::SignedDuration::from_millis(1));
        names.push(name);
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = list(&app, cursor.as_deref(), 3).await.unwrap();
        assert!(page.data.len() <= 3);
        found.extend(
            page.data
                .iter()
                .map(|account| account.name.as_str().to_owned()),
        );
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, names);
    assert_eq!(
        wrong(list(&app, Some("nonsense"), 3).await),
        ("cursor".into(), "invalid")
    );
}

#[tokio::test]
async fn a_promotion_is_in_force_with_the_next_request() {
    let app = TestTracker::new().await;
    let (ada, secret) = confirmed(&app, "Ada").await;
    register(&app, "Bob").await;
    assert!(
        principal(&app, &secret)
            .await
            .require_administrator()
            .is_err()
    );
    let before = version(&app, ada.id).await;
    promote(&app, &ada.email, Role::Admin).await.unwrap();
    assert!(
        principal(&app, &secret)
            .await
            .require_administrator()
            .is_ok()
    );
    assert!(version(&app, ada.id).await > before);
    let same = version(&app, ada.id).await;
    promote(&app, &ada.email, Role::Admin).await.unwrap();
    assert_eq!(version(&app, ada.id).await, same);
    let nobody = promote(&app, &text("eve@example.org"), Role::Admin).await;
    assert!(matches!(nobody, Err(Error::NotFound("account"))));
}
