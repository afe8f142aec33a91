//! What is wrong with a large file is found before anything is written.

use std::io::Write as _;

use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, Format, LARGEST_FILE, Options, Outcome, Step};
use duly_tracker::{Error, Result};

use super::{KEEP_GOING, document, import_file, large, on_disk, task};
use crate::berlin;
use crate::import::written;

/// Why a file is refused whole: the code and the message.
#[expect(clippy::panic, reason = "only tests call this")]
fn refusal<T: std::fmt::Debug>(imported: Result<T>) -> (&'static str, String) {
    match imported {
        Err(Error::Invalid(mut errors)) => {
            let error = errors.remove(0);
            (error.code, error.message)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_refused_row_at_the_end_stops_everything() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let content = "(A) Pay rent\n".repeat(1_200) + "Write report due:2026-02-30";
    let (report, rows) = import_file(&tracker, owner, large(&content), Options::default())
        .await
        .unwrap();
    assert!(report.stopped);
    assert_eq!(
        (report.total, report.created, report.refused),
        (1_201, 1_200, 1)
    );
    assert_eq!(
        (rows[1_200].line, rows[1_200].outcome),
        (1_201, Outcome::Refused)
    );
    assert_eq!(written(&tracker, owner).await, before);
}

#[tokio::test]
async fn a_file_that_is_changed_meanwhile_is_left() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let file = on_disk(large("(A) Pay rent\n(B) Write report"));
    let mut other = file.try_clone().unwrap();
    let tell = |step: Step<'_>| {
        if matches!(step, Step::Judged(_)) {
            other.write_all(b"(C) Call Mum\n").unwrap();
        }
    };
    let imported = transfer::import_file(
        &tracker,
        &by(owner),
        &berlin(),
        file,
        Options::default(),
        tell,
    )
    .await;
    let (code, message) = refusal(imported);
    assert_eq!(code, "invalid_file");
    assert!(
        message.starts_with("was changed while it was read"),
        "{message}"
    );
    assert_eq!(written(&tracker, owner).await, before);
}

#[tokio::test]
async fn what_is_wrong_far_into_a_file_is_found_before_anything_is_written() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let before = written(&tracker, owner).await;
    let blanks = " ".repeat(LARGEST_FILE * 3 / 5);
    let start = format!("(A) Pay rent\n{blanks}\n{blanks}\n").into_bytes();
    let array = large(&format!("[{}", "{}\n,".repeat(1_000)));
    let long = "x".repeat(LARGEST_FILE + 1);
    for (content, format, code, message) in [
        (
            [&start[..], b"caf\xe9\n"].concat(),
            Format::Todotxt,
            "invalid_encoding",
            "is not UTF-8 text: line 4 has bytes that are none",
        ),
        (
            format!("(A) Pay rent\n\n{long}\n").into_bytes(),
            Format::Todotxt,
            "invalid_file",
            "cannot be read: line 3 is part of a row of more than 10 MiB",
        ),
        (
            format!("[{{}},\n\"{long}\"]").into_bytes(),
            Format::Taskwarrior,
            "invalid_file",
            "cannot be read: line 2 is part of a row of more than 10 MiB",
        ),
        (
            array.clone().into_bytes(),
            Format::Taskwarrior,
            "invalid_file",
            "is no JSON of this format: EOF while parsing a value at line 1002",
        ),
        (
            large(&document((0..600).map(task)).replace("\"version\":1", "\"version\":2"))
                .into_bytes(),
            Format::Duly,
            "unknown_version",
            "is version 2 of the document; this Duly reads version 1",
        ),
    ] {
        let options = Options {
            format: Some(format),
            ..KEEP_GOING
        };
        let refused = refusal(import_file(&tracker, owner, content, options).await);
        assert_eq!(refused.0, code);
        assert!(refused.1.starts_with(message), "{}", refused.1);
        assert_eq!(written(&tracker, owner).await, before);
    }
}

#[tokio::test]
async fn files_that_are_no_sequence_of_rows_have_an_end() {
    let tracker = TestTracker::new().await;
    let owner = tracker.user("Ada").await;
    let small = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:a\nEND:VTODO\nEND:VCALENDAR\n";
    let (report, rows) = import_file(&tracker, owner, small, Options::default())
        .await
        .unwrap();
    assert_eq!(
        (report.format, report.created, rows.len()),
        (Format::Ics, 1, 1)
    );
    for (start, piece) in [
        ("BEGIN:VCALENDAR\n", "X:1\n"),
        ("TYPE,CONTENT,PRIORITY\n", "task,a,1\n"),
    ] {
        let content = start.to_owned() + &piece.repeat(LARGEST_FILE / piece.len());
        let refused = refusal(import_file(&tracker, owner, &content, Options::default()).await);
        assert_eq!(
            refused,
            (
                "too_large",
                "has more than 10 MiB; `duly import` takes more from a file on disk that is of \
                 taskwarrior, todotxt or duly"
                    .to_owned()
            )
        );
    }
}
