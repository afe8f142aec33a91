//! What becomes of files as other programs write them.

use std::fmt::Write as _;

use duly_tracker::testing::TestTracker;
use duly_tracker::transfer::{ExportFormat, Options, Report};

use crate::{export, import};

const KEEP_GOING: Options = Options {
    format: None,
    dry_run: false,
    keep_going: true,
};

/// A report and the tasks that came of it, for reading.
fn shown(report: &Report, tasks: &str) -> String {
    let mut text = format!(
        "{}: {} rows, {} created, {} changed, {} unchanged, {} refused\n",
        report.format.name(),
        report.total,
        report.created,
        report.changed,
        report.unchanged,
        report.refused
    );
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    for row in &report.rows {
        let (title, source) = (row.title.as_deref(), row.source_id.as_deref());
        let outcome = format!("{:?}", row.outcome).to_lowercase();
        let _ = writeln!(
            text,
            "\n{} {outcome} {:?}",
            row.line,
            title.unwrap_or_default()
        );
        let _ = writeln!(text, "  source: {}", source.unwrap_or_default());
        for reason in &row.reasons {
            let _ = writeln!(text, "  because {reason}");
        }
    }
    let document: serde_json::Value = serde_json::from_str(tasks).unwrap();
    for task in document["tasks"].as_array().unwrap() {
        let _ = writeln!(text, "\n{}", task["title"].as_str().unwrap());
        for (name, value) in task.as_object().unwrap() {
            let is_default = value.is_null() || value == "" || value == "none" || value == false;
            if !is_default
                && !matches!(name.as_str(), "id" | "title")
                && *value != serde_json::json!([])
            {
                let _ = writeln!(text, "  {name}: {value}");
            }
        }
    }
    text
}

/// Imports the file twice and compares with what is expected.
async fn check(file: &[u8], expected: &str) {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let report = import(&tracker, owner, file, KEEP_GOING).await.unwrap();
    let tasks = export(&tracker, owner, ExportFormat::Json).await;
    let shown = shown(&report, &tasks);
    assert!(
        shown == expected,
        "--- found ---\n{shown}\n--- expected ---\n{expected}"
    );

    let again = import(&tracker, owner, file, KEEP_GOING).await.unwrap();
    assert_eq!((again.created, again.changed), (0, 0));
    assert_eq!(
        again.unchanged,
        report.created + report.changed + report.unchanged
    );
    assert_eq!(again.refused, report.refused);
    assert_eq!(export(&tracker, owner, ExportFormat::Json).await, tasks);
}

macro_rules! golden {
    ($($test:ident: $file:literal),* $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            let file = include_bytes!(concat!("fixtures/", $file));
            check(file, include_str!(concat!("fixtures/", $file, ".expected"))).await;
        }
    )*};
}

golden! {
    taskwarrior: "taskwarrior.json",
    todotxt: "todo.txt",
    icalendar: "tasks.ics",
    todoist: "todoist.csv",
    duly: "duly.json",
    what_is_wrong: "wrong.json",
}
