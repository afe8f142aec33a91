//! The same POST twice.

use duly_tracker::idempotency::{IdempotencyKey, Idempotent, Recorded};
use duly_tracker::input::FromText;
use duly_tracker::tasks::{self, NewTaskInput};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, UserId};
use jiff::SignedDuration;
use serde_json::json;

use super::titles;

async fn post(
    app: &TestTracker,
    owner: UserId,
    key: &str,
    title: &str,
) -> Result<Recorded<tasks::Task>, Error> {
    let body = json!({ "title": title });
    let key = IdempotencyKey::from_text(key).unwrap();
    let request = Idempotent::new(key, "/api/v1/tasks", body.to_string().as_bytes());
    let new = serde_json::from_value::<NewTaskInput>(body)
        .unwrap()
        .parse()
        .unwrap();
    tasks::create(app, &by(owner), new, Some(request)).await
}

#[tokio::test]
async fn the_first_answer_is_given_again_for_a_day() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let Recorded::Fresh(task) = post(&app, ann, "k", "Pay").await.unwrap() else {
        panic!()
    };
    app.clock.advance(SignedDuration::from_hours(23));
    let Recorded::Replayed(earlier) = post(&app, ann, "k", "Pay").await.unwrap() else {
        panic!()
    };
    assert_eq!(
        (earlier.status, earlier.body["id"].clone()),
        (201, json!(task.id))
    );
    assert_eq!(earlier.location, Some(format!("/api/v1/tasks/{}", task.id)));
    assert_eq!(titles(&app, ann, &[]).await, ["Pay"]);
    app.clock.advance(SignedDuration::from_hours(1));
    assert!(matches!(
        post(&app, ann, "k", "Pay").await.unwrap(),
        Recorded::Fresh(_)
    ));
}

#[tokio::test]
async fn another_request_with_the_key_is_refused() {
    let app = TestTracker::new().await;
    let (ann, bob) = (app.user("Ann").await, app.user("Bob").await);
    post(&app, ann, "k", "Pay").await.unwrap();
    let other = post(&app, ann, "k", "Do not pay").await;
    assert!(matches!(other, Err(Error::IdempotencyKeyReused)));
    assert!(
        matches!(post(&app, bob, "k", "Pay").await, Ok(Recorded::Fresh(_))),
        "keys are personal"
    );
}

#[tokio::test]
async fn at_once_one_does_it_and_the_others_do_not() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let (one, two, three) = tokio::join!(
        post(&app, ann, "k", "Pay"),
        post(&app, ann, "k", "Pay"),
        post(&app, ann, "k", "Pay"),
    );
    let all = [one, two, three];
    assert_eq!(
        all.iter()
            .filter(|answer| matches!(answer, Ok(Recorded::Fresh(_))))
            .count(),
        1
    );
    assert!(
        all.iter()
            .any(|answer| matches!(answer, Err(Error::IdempotencyInFlight)))
    );
    assert_eq!(titles(&app, ann, &[]).await, ["Pay"]);
}

#[test]
fn keys_are_visible_ascii() {
    for wrong in ["", "ü", "a\nb", &"x".repeat(256)] {
        assert!(IdempotencyKey::from_text(wrong).is_err(), "{wrong:?}");
    }
}
