//! All or nothing, and nothing twice.

use duly_db::{Clock, query};
use duly_tracker::testing::TestTracker;
use duly_tracker::transfer::{ExportFormat, Format, Options, Outcome};
use duly_tracker::{Error, UserId};

use crate::{export, import};

const GOOD: &str = "(A) Pay rent due:2026-11-30\nWrite report @work\n";
const WITH_REFUSED: &str =
    "(A) Pay rent due:2026-11-30\nWrite report due:2026-02-30\nCall Mum @home\n";

/// Everything that an import could have written.
pub(crate) async fn written(tracker: &TestTracker, owner: UserId) -> Vec<i64> {
    let mut counts = Vec::new();
    for text in [
        "SELECT COUNT(*) AS count FROM tasks WHERE user_id = ?1",
        "SELECT COUNT(*) AS count FROM task_labels WHERE user_id = ?1",
        "SELECT COUNT(*) AS count FROM import_sources WHERE user_id = ?1",
        "SELECT data AS count FROM versions WHERE owner_id = ?1",
    ] {
        let row = tracker
            .db
            .read_fresh()
            .optional_row(query(text).bind(owner))
            .await
            .unwrap();
        counts.push(row.unwrap().get("count").unwrap());
    }
    counts
}

#[tokio::test]
async fn one_refused_row_stops_everything() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let report = import(&tracker, owner, WITH_REFUSED, Options::default())
        .await
        .unwrap();
    assert!(report.stopped && !report.dry_run);
    assert_eq!((report.total, report.created, report.refused), (3, 2, 1));
    assert_eq!(report.rows[1].outcome, Outcome::Refused);
    assert_eq!(report.rows[1].line, 2);
    assert_eq!(
        report.rows[1].reasons,
        ["“2026-02-30” is no day it can be due"]
    );
    assert_eq!(written(&tracker, owner).await, before);
}

#[tokio::test]
async fn going_on_writes_the_good_rows() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let options = Options {
        keep_going: true,
        ..Options::default()
    };
    let report = import(&tracker, owner, WITH_REFUSED, options)
        .await
        .unwrap();
    assert!(!report.stopped);
    assert_eq!(written(&tracker, owner).await[..3], [2, 1, 2]);

    let mended = WITH_REFUSED.replace("2026-02-30", "2026-02-28");
    let report = import(&tracker, owner, mended, Options::default())
        .await
        .unwrap();
    assert_eq!((report.unchanged, report.created), (2, 1));
    assert_eq!(written(&tracker, owner).await[0], 3);
}

#[tokio::test]
async fn a_rehearsal_writes_nothing_and_says_the_same() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let rehearsal = Options {
        dry_run: true,
        ..Options::default()
    };
    let mut said = import(&tracker, owner, GOOD, rehearsal).await.unwrap();
    assert_eq!(written(&tracker, owner).await, before);
    said.dry_run = false;
    assert_eq!(
        import(&tracker, owner, GOOD, Options::default())
            .await
            .unwrap(),
        said
    );
    let again = import(&tracker, owner, GOOD, rehearsal).await.unwrap();
    assert_eq!((again.unchanged, again.created), (2, 0));
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    import(&tracker, owner, GOOD, Options::default())
        .await
        .unwrap();
    let before = written(&tracker, owner).await;
    let report = import(&tracker, owner, GOOD, Options::default())
        .await
        .unwrap();
    assert_eq!(
        (report.unchanged, report.created, report.changed),
        (2, 0, 0)
    );
    assert_eq!(report.rows[0].reasons, ["it was imported before"]);
    assert_eq!(
        written(&tracker, owner).await,
        before,
        "not even the version"
    );
}

#[tokio::test]
async fn what_was_imported_and_changed_or_trashed_is_left_alone() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    import(&tracker, owner, GOOD, Options::default())
        .await
        .unwrap();
    let mut tx = tracker.db.begin();
    let change = query("UPDATE tasks SET title = 'Mine now', deleted_at = ?2 WHERE user_id = ?1");
    tx.execute(change.bind(owner).bind(tracker.clock.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let report = import(&tracker, owner, GOOD, Options::default())
        .await
        .unwrap();
    assert_eq!(report.unchanged, 2);
    let title = query("SELECT DISTINCT title FROM tasks WHERE user_id = ?1").bind(owner);
    let rows = tracker.db.read_fresh().rows(title).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn people_import_the_same_file_side_by_side() {
    let tracker = TestTracker::new().await;
    let (ada, ben) = (tracker.user("Ada").await, tracker.user("Ben").await);
    let file = include_str!("fixtures/duly.json");
    for owner in [ada, ben] {
        let report = import(&tracker, owner, file, Options::default())
            .await
            .unwrap();
        assert_eq!(report.created, 3);
    }
    assert_eq!(written(&tracker, ada).await, written(&tracker, ben).await);
}

#[tokio::test]
async fn the_same_file_twice_at_once_is_imported_once() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let (first, second) = tokio::join!(
        import(&tracker, owner, GOOD, Options::default()),
        import(&tracker, owner, GOOD, Options::default()),
    );
    let created = [first.unwrap().created, second.unwrap().created];
    assert_eq!(created.iter().sum::<usize>(), 2);
    assert_eq!(written(&tracker, owner).await[0], 2);
}

#[tokio::test]
async fn a_dropped_import_leaves_nothing_behind() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let file: String = (0..5000)
        .map(|number| format!("Task {number} @home\n"))
        .collect();
    let statements = tracker.db.counters().statements;
    let importing = import(&tracker, owner, &file, Options::default());
    let after = tokio::select! {
        biased;
        _ = importing => panic!("it was not dropped"),
        // Ten statements look for what is known; then tasks are being written.
        () = async {
            while tracker.db.counters().statements < statements + 30 {
                tokio::task::yield_now().await;
            }
        } => written(&tracker, owner).await,
    };
    assert_eq!(after, before);
    assert_eq!(
        import(&tracker, owner, &file, Options::default())
            .await
            .unwrap()
            .created,
        5000
    );
}

#[tokio::test]
async fn ten_thousand_rows_are_one_commit_in_the_order_of_the_file() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let file: String = (0..10_000)
        .map(|number| format!("Task {number:05} @home @l{}\n", number % 7))
        .collect();
    let commits = tracker.db.counters().transactions;
    let report = import(&tracker, owner, file, Options::default())
        .await
        .unwrap();
    assert_eq!(report.created, 10_000);
    assert_eq!(tracker.db.counters().transactions, commits + 1);
    assert_eq!(
        written(&tracker, owner).await[..3],
        [10_000, 20_000, 10_000]
    );
    let lines = export(&tracker, owner, ExportFormat::Todotxt).await;
    let numbers: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    assert_eq!(numbers.len(), 10_000);
    assert!(numbers.is_sorted());
}

#[tokio::test]
async fn a_time_that_comes_soon_is_looked_at_in_time() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let file = "a time:10:30 due:2026-11-23\nb time:08:10 due:2026-11-23\nc time:07:00 due:2026-11-23\n\
                x 2026-11-22 d time:08:05 due:2026-11-23\n";
    import(&tracker, owner, file, Options::default())
        .await
        .unwrap();
    let schedule = query("SELECT next_run FROM reminder_schedules WHERE user_id = ?1").bind(owner);
    let row = tracker
        .db
        .read_fresh()
        .optional_row(schedule)
        .await
        .unwrap()
        .unwrap();
    let next: jiff::Timestamp = row.get("next_run").unwrap();
    assert_eq!(next, "2026-11-23T07:10:00Z".parse().unwrap());
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_whole() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let forced = Options {
        format: Some(Format::Duly),
        ..Options::default()
    };
    for (file, options, code) in [
        (
            b"no format at all".to_vec(),
            Options::default(),
            "unknown_format",
        ),
        (
            b"\xff\xfea\0".to_vec(),
            Options::default(),
            "invalid_encoding",
        ),
        (GOOD.as_bytes().to_vec(), forced, "invalid_file"),
        (
            vec![b' '; 10 * 1024 * 1024 + 1],
            Options::default(),
            "too_large",
        ),
    ] {
        match import(&tracker, owner, file, options).await {
            Err(Error::Invalid(errors)) => {
                assert_eq!((errors[0].field.as_str(), errors[0].code), ("file", code));
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_empty_file_of_a_known_format_is_no_mistake() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    for (file, format) in [
        ("", Format::Todotxt),
        ("[]", Format::Taskwarrior),
        ("TYPE,CONTENT,PRIORITY\n", Format::Todoist),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", Format::Ics),
    ] {
        let options = Options {
            format: Some(format),
            ..Options::default()
        };
        let report = import(&tracker, owner, file, options).await.unwrap();
        assert_eq!((report.total, report.stopped), (0, false), "{format:?}");
    }
}
