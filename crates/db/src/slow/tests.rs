use std::time::Instant;

use super::*;
use crate::clock::ManualClock;
use crate::query;
use table::{LONGEST_TEXT, MOST_RECENT, MOST_TEXTS};

const SECRET: &str = "a planted secret";

fn observer(change: impl FnOnce(&mut Options)) -> Observer {
    let mut options = Options::file("");
    change(&mut options);
    Observer::new(&options, ManualClock::at(Timestamp::UNIX_EPOCH))
}

fn took(milliseconds: u64) -> Outcome {
    Outcome {
        duration: Duration::from_millis(milliseconds),
        rows: 3,
        pool_wait: Duration::from_millis(7),
    }
}

fn primary() -> Target<'static> {
    Target::primary(Engine::Sqlite)
}

#[test]
fn a_statement_is_slow_from_the_threshold_on() {
    let observer = observer(|_| {});
    observer.observe(&query("SELECT 1"), primary(), took(99));
    assert_eq!(observer.report().data, []);
    observer.observe(&query("SELECT 1"), primary(), took(100));
    assert_eq!(observer.report().data.len(), 1);
    assert_eq!(observer.report().threshold_us, 100_000);
}

#[test]
fn statements_of_one_text_are_added_up_and_the_worst_is_kept() {
    let observer = observer(|_| {});
    let list = |count| {
        let list = crate::placeholders(1, count);
        query(format!("SELECT a FROM t WHERE b IN ({list})")).bind_all(vec![SECRET; count])
    };
    let replica = Target {
        engine: Engine::Postgres,
        name: "replica.example:5432",
    };
    observer.observe(&list(1), primary(), took(200));
    observer.observe(&list(9), replica, took(400));
    observer.observe(&list(5), primary(), took(300));
    observer.observe(&query("SELECT 2"), primary(), took(899));
    let report = observer.report();
    let [first, second] = report.data.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(first.text, "SELECT a FROM t WHERE b IN (…)");
    assert_eq!((first.count, first.rows), (3, 9));
    assert_eq!((first.total_us, first.mean_us), (900_000, 300_000));
    assert_eq!(first.worst.duration_us, 400_000);
    assert_eq!(first.worst.pool_wait_us, 7_000);
    assert_eq!(first.worst.target, "replica.example:5432");
    assert_eq!(first.worst.engine, Engine::Postgres);
    assert_eq!(observer.worst(&first.id).unwrap().values().len(), 9);
    assert_eq!(second.text, "SELECT 2");
    let recent: Vec<u64> = report.recent.iter().map(|it| it.sample.rows).collect();
    assert_eq!(recent, [3; 4]);
    assert_eq!(report.recent[0].text, "SELECT 2", "the newest first");
}

#[tokio::test]
async fn the_caller_and_the_request_are_named() {
    let observer = observer(|_| {});
    let id = Uuid::from_u128(7);
    let line = line!() + 1;
    let (asked, _) = crate::caller::with_request(id, async { query("SELECT 1") }).await;
    observer.observe(&asked, primary(), took(100));
    observer.observe(&query("SELECT 2"), primary(), took(100));
    let report = observer.report();
    let sample = &report.recent[1].sample;
    assert!(sample.caller.ends_with(&format!("slow/tests.rs:{line}")));
    assert_eq!(sample.request_id, Some(id));
    assert_eq!(report.recent[0].sample.request_id, None);
}

#[test]
fn a_query_that_the_dialect_writes_names_who_asked_for_it() {
    let line = line!() + 1;
    let written = crate::dialect::insert_or_keep(Engine::Sqlite, "INSERT INTO t VALUES (1)");
    let caller = written.caller().to_string();
    assert!(
        caller.ends_with(&format!("slow/tests.rs:{line}")),
        "{caller}"
    );
}

#[test]
fn what_is_bound_is_shown_only_when_that_was_asked_for() {
    let asked = || query("SELECT ?1, ?2").bind(SECRET).bind("x".repeat(9_999));
    let silent = observer(|_| {});
    silent.observe(&asked(), primary(), took(100));
    let report = serde_json::to_string(&silent.report()).unwrap();
    assert!(!report.contains(SECRET), "{report}");
    assert!(!report.contains("values"), "{report}");
    let open = observer(|options| options.slow_query_values = true);
    open.observe(&asked(), primary(), took(100));
    let report = serde_json::to_string(&open.report()).unwrap();
    assert!(report.contains(SECRET), "{report}");
    assert!(
        report.len() < 3_000,
        "long values are cut: {}",
        report.len()
    );
}

#[test]
fn memory_is_bounded_whatever_is_slow() {
    let observer = observer(|_| {});
    let dear = query("SELECT dear");
    observer.observe(&dear, primary(), took(60_000));
    for number in 0..MOST_TEXTS * 2 {
        let long = "ä".repeat(LONGEST_TEXT + 1);
        let many = query(format!("SELECT a{number} {long}")).bind("x".repeat(100_000));
        observer.observe(&many, primary(), took(100));
    }
    let report = observer.report();
    assert_eq!(report.data.len(), MOST_TEXTS);
    assert_eq!(report.recent.len(), MOST_RECENT);
    assert_eq!(report.forgotten, u64::try_from(MOST_TEXTS).unwrap() + 1);
    assert_eq!(report.data[0].text, "SELECT dear", "what costs most stays");
    for entry in &report.data[1..] {
        assert_eq!(entry.text.chars().count(), LONGEST_TEXT + 1);
        assert!(observer.worst(&entry.id).is_none(), "too large to be kept");
    }
}

#[test]
fn a_statement_that_was_not_slow_costs_next_to_nothing() {
    let observer = observer(|_| {});
    let (quick, target) = (query("SELECT 1"), primary());
    let round = || {
        let started = Instant::now();
        for _ in 0..100_000 {
            observer.observe(std::hint::black_box(&quick), target, took(1));
        }
        started.elapsed()
    };
    // The quickest of many: the machine may be busy with something else.
    let quickest = (0..20).map(|_| round()).min().unwrap();
    // Far above what it takes, far below what taking a lock or writing a text each time would.
    assert!(quickest < Duration::from_millis(10), "{quickest:?}");
}
