//! Own JSON holds everything.

use duly_tracker::testing::TestTracker;
use duly_tracker::transfer::{ExportFormat, Options};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{export, import};

/// A task of the document, with whatever it can hold.
fn task() -> impl Strategy<Value = Value> {
    let text = ("\\PC{1,40}", "(\\PC|[\\n\\r\\t]){0,80}");
    let due = prop::option::of((
        "[0-9]{3}[1-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        prop::option::of("([01][0-9]|2[0-3]):[0-5][0-9]"),
    ));
    let choice = (0..4_usize, 0..3_usize, any::<bool>());
    let labels = prop::collection::btree_set("[a-zß🐝]{1,8}", 0..4);
    let times = "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{5}[1-9])?Z";
    (any::<u128>(), text, due, choice, labels, times, times).prop_map(
        |(id, (title, description), due, (priority, status, muted), labels, created, completed)| {
            let priority = ["none", "low", "medium", "high"][priority];
            let status = ["pending", "in_progress", "completed"][status];
            let (due_date, due_time) = due.map_or((None, None), |(day, time)| (Some(day), time));
            json!({
                "id": uuid::Uuid::from_u128(id.max(1)),
                "title": format!("T{}", title.trim()),
                "description": description,
                "status": status,
                "due_date": due_date,
                "due_time": due_time,
                "priority": priority,
                "labels": labels,
                "completed_at": (status == "completed").then_some(completed),
                "created_at": created,
                "updated_at": created,
                "snoozed_until": muted.then_some("2026-12-24"),
                "muted": muted,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The document that was made, exported, imported by somebody else and exported again is the
    /// same text each time; and importing it where it came from changes nothing.
    #[test]
    fn own_json_comes_back_as_it_was(tasks in prop::collection::vec(task(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tracker = TestTracker::new().await;
            let (ada, ben) = (tracker.user("Ada").await, tracker.user("Ben").await);
            let made = json!({"format": "duly", "version": 1, "tasks": tasks});
            let report = import(&tracker, ada, made.to_string(), Options::default()).await.unwrap();
            prop_assert_eq!(report.created, tasks.len(), "{:?}", report);

            let first = export(&tracker, ada, ExportFormat::Json).await;
            let mut sorted = tasks.clone();
            sorted.sort_by_key(|task| task["id"].as_str().map(str::to_owned));
            let read: Value = serde_json::from_str(&first).unwrap();
            prop_assert_eq!(&read["tasks"], &json!(sorted));

            import(&tracker, ben, &first, Options::default()).await.unwrap();
            prop_assert_eq!(&export(&tracker, ben, ExportFormat::Json).await, &first);

            let again = import(&tracker, ada, &first, Options::default()).await.unwrap();
            prop_assert_eq!((again.unchanged, again.total), (tasks.len(), tasks.len()));
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_calendar_exported_here_is_recognised_here() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    import(
        &tracker,
        owner,
        "Pay rent @home\nWrite report\n",
        Options::default(),
    )
    .await
    .unwrap();
    let calendar = export(&tracker, owner, ExportFormat::Ics).await;
    let report = import(&tracker, owner, calendar, Options::default())
        .await
        .unwrap();
    assert_eq!((report.unchanged, report.created), (2, 0));
}
