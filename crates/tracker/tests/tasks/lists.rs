//! Lists: filters, orders, pages.

use duly_tracker::tasks::TaskFilter;
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, tasks};
use serde_json::json;

use super::{change, create, filter, page, titled, titles, version, wall};

async fn with_dates() -> (TestTracker, duly_tracker::UserId) {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    // It is Monday 23 November 2026, 08:00 in Berlin.
    for (title, date, time) in [
        ("yesterday", Some("2026-11-22"), None),
        ("today early", Some("2026-11-23"), Some("07:30")),
        ("today", Some("2026-11-23"), None),
        ("tomorrow", Some("2026-11-24"), None),
        ("on Sunday", Some("2026-11-29"), None),
        ("next Monday", Some("2026-11-30"), None),
        ("some day", None, None),
    ] {
        create(
            &app,
            ann,
            json!({ "title": title, "due_date": date, "due_time": time }),
        )
        .await;
    }
    (app, ann)
}

#[tokio::test]
async fn due_dates_are_judged_on_the_owners_wall() {
    let (app, ann) = with_dates().await;
    assert_eq!(
        titles(&app, ann, &[("due", "overdue")]).await,
        ["yesterday", "today early"]
    );
    assert_eq!(
        titles(&app, ann, &[("due", "today")]).await,
        ["today early", "today"]
    );
    assert_eq!(
        titles(&app, ann, &[("due", "tomorrow")]).await,
        ["tomorrow"]
    );
    assert_eq!(
        titles(&app, ann, &[("due", "week")]).await,
        ["today early", "today", "tomorrow", "on Sunday"]
    );
    let range = [("due_from", "2026-11-24"), ("due_to", "2026-11-30")];
    assert_eq!(
        titles(&app, ann, &range).await,
        ["tomorrow", "on Sunday", "next Monday"]
    );
    assert_eq!(
        titles(&app, ann, &[("due_from", "2026-11-30")]).await,
        ["next Monday"],
        "what has no date is in no range"
    );
}

#[tokio::test]
async fn what_is_due_first_comes_first_and_undated_last() {
    let (app, ann) = with_dates().await;
    let all = titles(&app, ann, &[]).await;
    assert_eq!(all.first().map(String::as_str), Some("yesterday"));
    assert_eq!(all.last().map(String::as_str), Some("some day"));
    assert_eq!(
        all[1], "today early",
        "a time of day comes before the day as a whole"
    );
    let mut reversed = titles(&app, ann, &[("sort", "-due_date")]).await;
    reversed.reverse();
    assert_eq!(reversed, all);
}

#[tokio::test]
async fn scopes_are_filters_with_names() {
    let (app, ann) = with_dates().await;
    let done = titled(&app, ann, "done").await;
    change(&app, ann, done.id, json!({ "status": "completed" }), None)
        .await
        .unwrap();
    let active = page(&app, ann, &TaskFilter::active()).await.0;
    assert_eq!(active.len(), 7);
    assert!(!active.contains(&"done".to_owned()));
    let week = page(&app, ann, &TaskFilter::due_this_week()).await.0;
    assert_eq!(week, ["today early", "today", "tomorrow", "on Sunday"]);
    assert_eq!(
        titles(&app, ann, &[("status", "completed")]).await,
        ["done"]
    );
    assert_eq!(
        titles(&app, ann, &[("status", "in_progress")]).await,
        [""; 0]
    );
}

#[tokio::test]
async fn filters_by_priority_label_and_text_join_by_and() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(
        &app,
        ann,
        json!({ "title": "Steuer 100%", "priority": "high", "labels": ["Büro"] }),
    )
    .await;
    create(
        &app,
        ann,
        json!({ "title": "Steuer 100", "labels": ["büro", "home"] }),
    )
    .await;
    create(
        &app,
        ann,
        json!({ "title": "Rasen", "description": "MÄHEN!", "labels": ["home"] }),
    )
    .await;
    assert_eq!(
        titles(&app, ann, &[("priority", "high,low")]).await,
        ["Steuer 100%"]
    );
    assert_eq!(
        titles(&app, ann, &[("label", "BÜRO")]).await.len(),
        2,
        "case does not count"
    );
    assert_eq!(
        titles(&app, ann, &[("label", "büro,home")]).await,
        ["Steuer 100"]
    );
    assert_eq!(
        titles(&app, ann, &[("q", "100%")]).await,
        ["Steuer 100%"],
        "% means itself"
    );
    assert_eq!(titles(&app, ann, &[("q", "mähen")]).await, ["Rasen"]);
    assert_eq!(
        titles(&app, ann, &[("q", "steuer"), ("label", "home")]).await,
        ["Steuer 100"]
    );
    assert_eq!(
        titles(&app, ann, &[("q", "st_uer")]).await,
        [""; 0],
        "_ means itself"
    );
}

#[tokio::test]
async fn pages_show_every_task_once_in_every_order() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    for number in 0..23 {
        let day = (number % 4 != 0).then(|| format!("2026-12-{:02}", number % 5 + 1));
        let priority = ["none", "low", "medium", "high"][number % 4];
        let title = format!("{} {number}", ["b", "A", "ä"][number % 3]);
        create(
            &app,
            ann,
            json!({ "title": title, "due_date": day, "priority": priority }),
        )
        .await;
        if number % 2 == 0 {
            app.clock.advance(jiff::SignedDuration::from_secs(1));
        }
    }
    for sort in ["due_date", "created_at", "updated_at", "priority", "title"] {
        for direction in ["", "-"] {
            let sort = format!("{direction}{sort}");
            let whole = titles(&app, ann, &[("sort", &sort), ("limit", "200")]).await;
            assert_eq!(whole.len(), 23, "{sort}");
            let mut paged = Vec::new();
            let mut asked = filter(&[("sort", &sort), ("limit", "5")]);
            loop {
                let (mut some, next) = page(&app, ann, &asked).await;
                paged.append(&mut some);
                asked.cursor = next;
                if asked.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole, "{sort}");
        }
    }
}

#[tokio::test]
async fn a_page_costs_one_query() {
    let (app, ann) = with_dates().await;
    let version = version(&app, ann).await;
    let queries = [
        filter(&[]),
        filter(&[
            ("q", "to"),
            ("label", "home"),
            ("due", "week"),
            ("fields", "id,title"),
        ]),
    ];
    for filter in queries {
        let before = app.db.counters();
        tasks::list(&mut app.db.read(ann.0, version), ann, &filter, wall(&app))
            .await
            .unwrap();
        let after = app.db.counters();
        assert_eq!(after.statements - before.statements, 1);
        assert_eq!(after.round_trips - before.round_trips, 1);
    }
}

#[tokio::test]
async fn fields_select_columns() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(
        &app,
        ann,
        json!({ "title": "Pay", "due_date": "2026-12-01", "due_time": "18:00" }),
    )
    .await;
    let version = version(&app, ann).await;
    let all = "id,title,description,status,due_date,due_time,priority,labels,completed_at,\
               created_at,updated_at,version,snoozed_until,muted,deleted_at";
    let whole = tasks::list(
        &mut app.db.read(ann.0, version),
        ann,
        &filter(&[]),
        wall(&app),
    )
    .await
    .unwrap();
    let parts = tasks::list(
        &mut app.db.read(ann.0, version),
        ann,
        &filter(&[("fields", all)]),
        wall(&app),
    )
    .await
    .unwrap();
    assert_eq!(
        serde_json::to_value(&whole.data).unwrap(),
        serde_json::to_value(&parts.data).unwrap(),
        "all fields are the whole task"
    );
    let two = filter(&[("fields", "due_time,title"), ("sort", "-title")]);
    let page = tasks::list(&mut app.db.read(ann.0, version), ann, &two, wall(&app))
        .await
        .unwrap();
    let shown = serde_json::to_value(&page.data).unwrap();
    assert_eq!(shown, json!([{ "due_time": "18:00", "title": "Pay" }]));
}

#[tokio::test]
async fn nobody_sees_the_tasks_of_another() {
    let app = TestTracker::new().await;
    let (ann, bob) = (app.user("Ann").await, app.user("Bob").await);
    let task = create(&app, ann, json!({ "title": "Secret", "labels": ["home"] })).await;
    assert!(titles(&app, bob, &[]).await.is_empty());
    assert!(titles(&app, bob, &[("label", "home")]).await.is_empty());
    let version = version(&app, bob).await;
    assert!(matches!(
        tasks::get(&mut app.db.read(bob.0, version), bob, task.id).await,
        Err(Error::NotFound(_))
    ));
    let stolen = change(&app, bob, task.id, json!({ "title": "Mine" }), None).await;
    assert!(matches!(stolen, Err(Error::NotFound(_))));
    assert!(matches!(
        tasks::delete(&app, &by(bob), task.id, None).await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(titles(&app, ann, &[]).await, ["Secret"]);
}

#[test]
fn wrong_parameters_are_all_named() {
    let refused = TaskFilter::parse([
        ("status", "open"),
        ("due", "soon"),
        ("due_from", "2026-02-30"),
        ("due_to", "10000-01-01"),
        ("limit", "0"),
        ("sort", "owner"),
        ("fields", "id,password"),
        ("colour", "red"),
        ("limit", "5"),
        ("q", "\0"),
    ]);
    let Err(Error::Invalid(errors)) = refused else {
        panic!("accepted: {refused:?}")
    };
    let named: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error.field.as_str(), error.code))
        .collect();
    assert_eq!(
        named,
        [
            ("status", "unknown_value"),
            ("due", "unknown_value"),
            ("due_from", "invalid_date"),
            ("due_to", "invalid_date"),
            ("limit", "out_of_range"),
            ("sort", "unknown_value"),
            ("fields", "unknown_value"),
            ("colour", "unknown_parameter"),
            ("limit", "repeated"),
            ("q", "invalid_character"),
        ]
    );
    assert!(TaskFilter::parse([("due_from", "2026-02-02"), ("due_to", "2026-02-01")]).is_err());
}

#[tokio::test]
async fn made_up_cursors_are_refused() {
    let (app, ann) = with_dates().await;
    let (_, next) = page(&app, ann, &filter(&[("limit", "2")])).await;
    let version = version(&app, ann).await;
    let foreign = next.unwrap();
    for (cursor, sort) in [
        ("", "due_date"),
        ("x", "due_date"),
        ("e30", "due_date"),
        (&foreign, "title"),
    ] {
        let asked = filter(&[("cursor", cursor), ("sort", sort)]);
        let answer = tasks::list(&mut app.db.read(ann.0, version), ann, &asked, wall(&app)).await;
        assert!(
            matches!(answer, Err(Error::Invalid(_))),
            "{cursor:?} {sort}"
        );
    }
}
