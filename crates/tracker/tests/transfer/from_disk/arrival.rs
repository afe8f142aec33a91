//! What is in a large file arrives as if the file were small.

use std::cell::Cell;
use std::fmt::Write as _;

use duly_db::query;
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, ExportFormat, Format, LARGEST_FILE, MOST_ROWS, Options, Step};
use serde_json::{Value, json};

use super::{KEEP_GOING, document, import_file, large, on_disk, task};
use crate::import::written;
use crate::{berlin, export, import};

/// Imports the same for two people, once with blanks that make the file large.
async fn judge_alike(content: &str) {
    let tracker = TestTracker::new().await;
    let (ada, ben) = (tracker.user("Ada").await, tracker.user("Ben").await);
    for options in [Options::default(), KEEP_GOING] {
        let mut small = import(&tracker, ada, content, options).await.unwrap();
        let (report, rows) = import_file(&tracker, ben, large(content), options)
            .await
            .unwrap();
        assert_eq!(rows, std::mem::take(&mut small.rows));
        assert_eq!(report, small);
        // What comes last is the version, which counts transactions.
        let counts = (written(&tracker, ada).await, written(&tracker, ben).await);
        assert_eq!(counts.0[..3], counts.1[..3]);
    }
    let tasks = |file: String| {
        let mut file: Value = serde_json::from_str(&file).unwrap();
        for task in file["tasks"].as_array_mut().unwrap() {
            task["id"] = Value::Null;
        }
        file["tasks"].take()
    };
    assert_eq!(
        tasks(export(&tracker, ada, ExportFormat::Json).await),
        tasks(export(&tracker, ben, ExportFormat::Json).await)
    );
}

#[tokio::test]
async fn what_programs_write_is_judged_as_in_a_small_file() {
    judge_alike(include_str!("../fixtures/todo.txt").trim_start_matches('\u{feff}')).await;
    judge_alike(include_str!("../fixtures/taskwarrior.json")).await;
    judge_alike(include_str!("../fixtures/duly.json")).await;
}

#[tokio::test]
async fn what_is_wrong_is_judged_as_in_a_small_file() {
    judge_alike(include_str!("../fixtures/wrong.json")).await;
    let deleted = (0..700).fold(String::new(), |mut file, number| {
        let _ = writeln!(file, r#"{{"description":"{number}","status":"deleted"}},"#);
        file
    });
    judge_alike(&deleted).await;
}

#[tokio::test]
async fn rows_with_one_id_far_apart_are_judged_as_in_a_small_file() {
    let same = |title: &str| json!({"id": "0a7b", "title": title});
    let repeats = (0..1_700).map(|number| match number {
        3 | 1_400 => same("same"),
        900 | 1_401 => same("other"),
        1_500 => task(1_499),
        _ => task(number),
    });
    judge_alike(&document(repeats)).await;
    let lines = (0..1_700).fold(String::new(), |mut file, number| {
        let day = if number == 1_699 { 30 } else { 28 };
        let _ = writeln!(
            file,
            "Task {} @home due:2026-02-{day}\nx Water plants",
            number % 1_000
        );
        file
    });
    judge_alike(&lines).await;
}

#[tokio::test]
async fn a_small_file_is_one_transaction_and_a_large_one_has_many() {
    let tracker = TestTracker::new().await;
    let content = (0..2_000).fold(String::new(), |mut file, number| {
        let _ = writeln!(file, "Task {number} @home");
        file
    });
    for (name, content, transactions) in [("Ada", content.clone(), 1), ("Ben", large(&content), 4)]
    {
        let owner = tracker.user(name).await;
        let before = tracker.db.counters().transactions;
        import_file(&tracker, owner, content, Options::default())
            .await
            .unwrap();
        assert_eq!(tracker.db.counters().transactions, before + transactions);
    }
}

/// The clock stands still here, so that not even the time of the ids keeps the rows apart.
#[tokio::test]
async fn more_rows_than_a_small_file_has_arrive_in_the_order_of_the_file() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let many = MOST_ROWS + 1_234;
    let content = (0..many).fold(String::new(), |mut file, number| {
        let _ = writeln!(file, "2026-11-20 Task {number:06}");
        file
    });
    assert!(content.len() < LARGEST_FILE);
    let rehearsal = Options {
        dry_run: true,
        ..Options::default()
    };
    let before = written(&tracker, owner).await;
    let (report, _) = import_file(&tracker, owner, &content, rehearsal)
        .await
        .unwrap();
    assert_eq!((report.total, report.created), (many, many));
    assert_eq!(written(&tracker, owner).await, before);

    import_file(&tracker, owner, &content, Options::default())
        .await
        .unwrap();
    assert_eq!(
        export(&tracker, owner, ExportFormat::Todotxt).await,
        content
    );
}

#[tokio::test]
async fn a_document_is_read_however_it_is_laid_out() {
    let tracker = TestTracker::new().await;
    let words = "Some words. ".repeat(500);
    let tasks = (0..2_000).map(|number| {
        let mut task = task(number);
        task["description"] = words.clone().into();
        task
    });
    let dense: Value = serde_json::from_str(&document(tasks)).unwrap();
    let pretty = serde_json::to_string_pretty(&dense).unwrap();
    assert!(pretty.len() > LARGEST_FILE);
    let starts = pretty
        .lines()
        .enumerate()
        .filter(|(_, line)| *line == "    {");
    let starts: Vec<usize> = starts.map(|(index, _)| index + 1).collect();
    let mut exported = Vec::new();
    for (name, content, lines) in [
        ("Ada", pretty, starts),
        ("Ben", dense.to_string(), vec![1; 2_000]),
    ] {
        let owner = tracker.user(name).await;
        let before = tracker.db.counters().transactions;
        let (report, rows) = import_file(&tracker, owner, content, Options::default())
            .await
            .unwrap();
        assert_eq!((report.created, report.total), (2_000, 2_000));
        // As many rows are written at once as have a MiB of text.
        assert_eq!(tracker.db.counters().transactions, before + 12);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), lines);
        exported.push(export(&tracker, owner, ExportFormat::Json).await);
    }
    let read: Value = serde_json::from_str(&exported[0]).unwrap();
    assert_eq!(read["tasks"].as_array().unwrap().len(), 2_000);
    assert_eq!(read["tasks"][1_999]["title"], "Task 001999");
    assert_eq!(exported[0], exported[1]);
}

#[tokio::test]
async fn an_import_that_was_cut_short_is_completed_by_the_next() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let content = (0..2_000).fold(String::new(), |mut file, number| {
        let _ = writeln!(file, "Task {} @home", number / 2);
        file
    });
    let content = large(&content);
    let arrived = Cell::new(0);
    let tell = |step: Step<'_>| {
        if let Step::Told { rows, .. } = step {
            arrived.set(rows);
        }
    };
    let (by, zone) = (by(owner), berlin());
    let importing = transfer::import_file(
        &tracker,
        &by,
        &zone,
        on_disk(&content),
        Options::default(),
        tell,
    );
    tokio::select! {
        biased;
        _ = importing => panic!("it was not cut short"),
        () = async {
            while arrived.get() < 1_000 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    let (report, _) = import_file(&tracker, owner, &content, Options::default())
        .await
        .unwrap();
    assert_eq!(report.created + report.unchanged, 2_000);
    assert!(
        report.unchanged >= 1_000 && report.created > 0,
        "{report:?}"
    );
    assert_eq!(written(&tracker, owner).await[..3], [2_000, 2_000, 2_000]);
}

#[tokio::test]
async fn a_time_in_any_batch_is_looked_at_in_time() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let mut lines = vec!["a"; 1_300];
    lines[20] = "b time:10:30 due:2026-11-23";
    lines[900] = "c time:08:10 due:2026-11-23";
    lines[1_200] = "d time:09:10 due:2026-11-23";
    import_file(
        &tracker,
        owner,
        large(&lines.join("\n")),
        Options::default(),
    )
    .await
    .unwrap();
    let schedule = query("SELECT next_run FROM reminder_schedules WHERE user_id = ?1").bind(owner);
    let mut conn = tracker.db.read_fresh();
    let row = conn.optional_row(schedule).await.unwrap().unwrap();
    let next: jiff::Timestamp = row.get("next_run").unwrap();
    assert_eq!(next, "2026-11-23T07:10:00Z".parse().unwrap());
}

/// The format is found out from the start of the file, which may end within a character.
#[tokio::test]
async fn a_character_across_the_end_of_the_start_is_whole() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    for before in 0..3 {
        let start = "\u{feff}(A) Pay rent\n";
        let blanks = " ".repeat(LARGEST_FILE / 2 - 1) + "\n";
        let more = " ".repeat(LARGEST_FILE - start.len() - blanks.len() - before - 1) + "\n";
        let (report, rows) = import_file(
            &tracker,
            owner,
            format!("{start}{blanks}{more}€uro\n"),
            KEEP_GOING,
        )
        .await
        .unwrap();
        assert_eq!((report.total, report.format), (2, Format::Todotxt));
        assert_eq!(rows[0].title.as_deref(), Some("Pay rent"));
        assert_eq!(rows[1].title.as_deref(), Some("€uro"));
    }
}
