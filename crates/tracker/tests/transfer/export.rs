//! What leaves.

use duly_db::{Clock, query};
use duly_tracker::testing::TestTracker;
use duly_tracker::transfer::{self, ExportFormat, Options};

use crate::{berlin, export, import};

const TASKS: &str = r#"{"format":"duly","version":1,"tasks":[
{"id":"01999f4e-6c00-7000-8000-000000000001","title":"=HYPERLINK(\"http://evil.example\")",
 "description":"-1+1\nSay \"hi\"; done","due_date":"2026-11-30","due_time":"18:00","priority":"high",
 "labels":["home","Größe"],"created_at":"2026-11-01T08:00:00Z","updated_at":"2026-11-02T08:00:00Z"},
{"id":"01999f4e-6c00-7000-8000-000000000002","title":"Write report, again","status":"completed",
 "due_date":"2026-11-20","priority":"low","completed_at":"2026-11-19T16:20:00Z",
 "created_at":"2026-11-01T08:00:01Z","updated_at":"2026-11-19T16:20:00Z"}]}"#;

async fn exported(format: ExportFormat) -> String {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    import(&tracker, owner, TASKS, Options::default())
        .await
        .unwrap();
    export(&tracker, owner, format).await
}

#[tokio::test]
async fn a_table_for_spreadsheets() {
    assert_eq!(
        exported(ExportFormat::Csv).await,
        "\u{feff}id,title,description,status,due_date,due_time,priority,labels,completed_at,\
         created_at,updated_at\r\n\
         01999f4e-6c00-7000-8000-000000000001,\"'=HYPERLINK(\"\"http://evil.example\"\")\",\
         \"'-1+1\nSay \"\"hi\"\"; done\",pending,2026-11-30,18:00,high,\"home, Größe\",,\
         2026-11-01T08:00:00Z,2026-11-02T08:00:00Z\r\n\
         01999f4e-6c00-7000-8000-000000000002,\"Write report, again\",,completed,2026-11-20,,low,,\
         2026-11-19T16:20:00Z,2026-11-01T08:00:01Z,2026-11-19T16:20:00Z\r\n"
    );
}

#[tokio::test]
async fn a_line_per_task() {
    assert_eq!(
        exported(ExportFormat::Todotxt).await,
        "(A) 2026-11-01 =HYPERLINK(\"http://evil.example\") @home @Größe time:18:00 due:2026-11-30\n\
         x 2026-11-19 2026-11-01 Write report, again pri:C due:2026-11-20\n"
    );
}

#[tokio::test]
async fn a_calendar() {
    assert_eq!(
        exported(ExportFormat::Ics).await,
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Duly//Duly//EN\r\n\
         BEGIN:VTODO\r\nUID:01999f4e-6c00-7000-8000-000000000001\r\nDTSTAMP:20261123T070000Z\r\n\
         CREATED:20261101T080000Z\r\nLAST-MODIFIED:20261102T080000Z\r\n\
         SUMMARY:=HYPERLINK(\"http://evil.example\")\r\nDESCRIPTION:-1+1\\nSay \"hi\"\\; done\r\n\
         DUE:20261130T170000Z\r\nSTATUS:NEEDS-ACTION\r\nPRIORITY:1\r\nCATEGORIES:home,Größe\r\n\
         END:VTODO\r\n\
         BEGIN:VTODO\r\nUID:01999f4e-6c00-7000-8000-000000000002\r\nDTSTAMP:20261123T070000Z\r\n\
         CREATED:20261101T080001Z\r\nLAST-MODIFIED:20261119T162000Z\r\n\
         SUMMARY:Write report\\, again\r\nDUE;VALUE=DATE:20261120\r\nSTATUS:COMPLETED\r\n\
         COMPLETED:20261119T162000Z\r\nPRIORITY:9\r\nEND:VTODO\r\n\
         END:VCALENDAR\r\n"
    );
}

#[tokio::test]
async fn names_and_types_fit_the_content() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    for (format, name, content_type) in [
        (
            ExportFormat::Json,
            "duly-tasks-2026-11-23.json",
            "application/json",
        ),
        (ExportFormat::Csv, "duly-tasks-2026-11-23.csv", "text/csv"),
        (
            ExportFormat::Todotxt,
            "duly-tasks-2026-11-23.txt",
            "text/plain",
        ),
        (
            ExportFormat::Ics,
            "duly-tasks-2026-11-23.ics",
            "text/calendar",
        ),
    ] {
        let export = transfer::export(&tracker, owner, &berlin(), format)
            .await
            .unwrap();
        assert_eq!(export.file_name, name);
        assert!(export.content_type.starts_with(content_type));
    }
}

#[tokio::test]
async fn many_tasks_leave_in_pages_and_the_trash_stays() {
    let tracker = TestTracker::new().await;
    let (ada, ben) = (tracker.user("Ada").await, tracker.user("Ben").await);
    let file: String = (0..1000)
        .map(|number| format!("Task {number} @home\n"))
        .collect();
    for owner in [ada, ben] {
        import(&tracker, owner, &file, Options::default())
            .await
            .unwrap();
    }
    let mut tx = tracker.db.begin();
    let trash = query("UPDATE tasks SET deleted_at = ?2 WHERE user_id = ?1 AND title = 'Task 7'");
    tx.execute(trash.bind(ada).bind(tracker.clock.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    for (owner, count, pages) in [(ada, 999, 2), (ben, 1000, 3)] {
        let reads = tracker.db.counters().statements;
        let lines = export(&tracker, owner, ExportFormat::Todotxt).await;
        assert_eq!(lines.lines().count(), count);
        assert_eq!(lines.contains("Task 7 "), owner == ben);
        assert_eq!(tracker.db.counters().statements, reads + pages);
    }
    let document = export(&tracker, ben, ExportFormat::Json).await;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["tasks"].as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn nothing_is_a_whole_file_too() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let document = export(&tracker, owner, ExportFormat::Json).await;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&document).unwrap(),
        serde_json::json!({
            "format": "duly", "version": 1, "exported_at": "2026-11-23T07:00:00Z", "tasks": [],
        })
    );
    assert_eq!(export(&tracker, owner, ExportFormat::Todotxt).await, "");
    assert_eq!(
        export(&tracker, owner, ExportFormat::Csv)
            .await
            .lines()
            .count(),
        1
    );
}
