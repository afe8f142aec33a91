//! What holds for all formats.

use proptest::prelude::*;

use super::sample::moment;
use super::*;
use crate::transfer::MOST_ROWS;

const FIXTURES: [(Format, &[u8]); 6] = [
    (
        Format::Taskwarrior,
        include_bytes!("../../../tests/transfer/fixtures/taskwarrior.json"),
    ),
    (
        Format::Taskwarrior,
        include_bytes!("../../../tests/transfer/fixtures/wrong.json"),
    ),
    (
        Format::Todotxt,
        include_bytes!("../../../tests/transfer/fixtures/todo.txt"),
    ),
    (
        Format::Ics,
        include_bytes!("../../../tests/transfer/fixtures/tasks.ics"),
    ),
    (
        Format::Todoist,
        include_bytes!("../../../tests/transfer/fixtures/todoist.csv"),
    ),
    (
        Format::Duly,
        include_bytes!("../../../tests/transfer/fixtures/duly.json"),
    ),
];

const FORMATS: [Format; 5] = [
    Format::Taskwarrior,
    Format::Todotxt,
    Format::Ics,
    Format::Todoist,
    Format::Duly,
];

/// The code a file is refused with.
fn refusal(file: &[u8], format: Option<Format>) -> &'static str {
    match read(file, format, &moment()) {
        Err(Error::Invalid(errors)) => errors[0].code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn formats_are_recognised_by_their_content() {
    for (format, file) in FIXTURES {
        assert_eq!(read(file, None, &moment()).unwrap().0, format);
        let mark = b"\xef\xbb\xbf".as_slice();
        let other = file
            .strip_prefix(mark)
            .map_or_else(|| [mark, file].concat(), <[u8]>::to_vec);
        assert_eq!(read(&other, None, &moment()).unwrap().0, format);
    }
    let own = b"{\n \"version\": 1, \"tasks\": [],\n \"format\": \"duly\"}";
    assert_eq!(read(own, None, &moment()).unwrap().0, Format::Duly);
    assert_eq!(
        read(b"\r\n begin:vcalendar\r\n", None, &moment())
            .unwrap()
            .0,
        Format::Ics
    );
}

#[test]
fn other_files_are_in_no_format() {
    for file in [
        "just some words\nand more",
        "<!doctype html><p>x (A) @home",
        "name,due\nx,y\n",
        "%PDF-1.7\n\0\0 @home",
    ] {
        assert_eq!(refusal(file.as_bytes(), None), "unknown_format", "{file:?}");
    }
}

#[test]
fn files_of_nothing_and_calendars_that_are_none_are_refused() {
    for file in ["", " \r\n", "\u{feff}"] {
        match read(file.as_bytes(), None, &moment()) {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].message, "is empty"),
            other => panic!("not refused: {other:?}"),
        }
    }
    for file in ["[{\"description\": \"x\"}]", "SUMMARY:x\r\nEND:VTODO\r\n"] {
        assert_eq!(refusal(file.as_bytes(), Some(Format::Ics)), "invalid_file");
    }
}

#[test]
fn other_encodings_are_refused() {
    for file in [
        b"\xff\xfex\0".as_slice(),
        b"\xfe\xff\0x",
        b"\0\0\xfe\xff",
        b"(A) caf\xe9 @home",
    ] {
        assert_eq!(refusal(file, None), "invalid_encoding");
        assert_eq!(refusal(file, Some(Format::Todotxt)), "invalid_encoding");
    }
    assert_eq!(
        refusal(b"\xff\xfeB\0E\0", Some(Format::Ics)),
        "invalid_encoding"
    );
}

#[test]
fn large_files_are_refused() {
    let line = vec![b'a'; LARGEST_FILE];
    let (_, parsed) = read(&line, Some(Format::Todotxt), &moment()).unwrap();
    assert_eq!(parsed.rows.len(), 1);
    assert!(parsed.rows[0].task.is_err(), "no description could hold it");
    assert_eq!(
        refusal(&vec![b'a'; LARGEST_FILE + 1], Some(Format::Todotxt)),
        "too_large"
    );
}

#[test]
fn files_with_many_rows_are_refused() {
    let times = MOST_ROWS + 1;
    let todo = "BEGIN:VTODO\r\nSUMMARY:a\r\nEND:VTODO\r\n";
    for (format, file) in [
        (Format::Todotxt, "a\n".repeat(times)),
        (
            Format::Taskwarrior,
            format!("[{}{{}}]", "{},".repeat(times - 1)),
        ),
        (Format::Taskwarrior, "{}\n".repeat(times)),
        (Format::Ics, todo.repeat(times)),
        (
            Format::Todoist,
            format!("TYPE,CONTENT\n{}", "task,a\n".repeat(times)),
        ),
        (
            Format::Duly,
            format!(
                r#"{{"format":"duly","version":1,"tasks":[{}1]}}"#,
                "1,".repeat(times - 1)
            ),
        ),
    ] {
        assert_eq!(
            refusal(file.as_bytes(), Some(format)),
            "too_many_rows",
            "{format:?}"
        );
    }
    let most = "a\n".repeat(MOST_ROWS);
    assert_eq!(
        read(most.as_bytes(), Some(Format::Todotxt), &moment())
            .unwrap()
            .1
            .rows
            .len(),
        MOST_ROWS
    );
}

#[test]
fn deep_and_wide_json_costs_little() {
    let deep = "[".repeat(100_000);
    assert_eq!(refusal(deep.as_bytes(), None), "invalid_file");
    let closed = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    let (_, parsed) = read(closed.as_bytes(), None, &moment()).unwrap();
    assert!(parsed.rows[0].task.is_err());
    for wide in [
        format!(
            r#"[{{"uuid":"0f5bd4f0-6a9a-4d2c-9f65-000000000001","tags":[{}0]}}]"#,
            "0,".repeat(2_000_000)
        ),
        format!(
            r#"{{"format":"duly","version":1,"tasks":[{{"title":"a","labels":[{}""]}}]}}"#,
            r#""","#.repeat(2_000_000)
        ),
    ] {
        let (_, parsed) = read(wide.as_bytes(), None, &moment()).unwrap();
        let reasons = parsed.rows[0].task.as_ref().unwrap_err();
        assert!(
            reasons[0].starts_with("a list has more than"),
            "{reasons:?}"
        );
    }
}

/// Small things repeated until the file is full; each must be refused or read, in little memory.
#[test]
fn files_of_one_small_thing_repeated_are_survived() {
    let fill = |start: &str, piece: &str, end: &str| {
        format!("{start}{}{end}", piece.repeat(500_000 / piece.len()))
    };
    let todo = "BEGIN:VTODO\nUID:1\nSUMMARY:a\n";
    for (format, file) in [
        (
            Format::Ics,
            fill(&format!("{todo}CATEGORIES:"), "a,", "\nEND:VTODO\n"),
        ),
        (Format::Ics, fill(todo, "aa\n", "END:VTODO\n")),
        (Format::Ics, fill(todo, "URL:\n", "END:VTODO\n")),
        (Format::Ics, fill(todo, "STATUS:x\n", "END:VTODO\n")),
        (Format::Ics, fill(todo, "BEGIN:A\n", "")),
        (Format::Ics, fill("", "BEGIN:VEVENT\nEND:VEVENT\n", "")),
        (
            Format::Ics,
            fill("", "BEGIN:VTODO\nSTATUS:CANCELLED\nEND:VTODO\n", ""),
        ),
        (Format::Todotxt, fill("x ", "@a ", "")),
        (Format::Todoist, fill("TYPE,CONTENT\n", "note,\n", "")),
        (Format::Todoist, fill("TYPE,CONTENT\n", ",", "")),
        (Format::Todoist, fill("TYPE,CONTENT\ntask,", "@a ", "")),
        (Format::Taskwarrior, fill("", "a\n", "")),
        (Format::Taskwarrior, fill("{", r#""a":1,"#, r#""b":1}"#)),
        (Format::Duly, fill("{", r#""a":1,"#, r#""b":1}"#)),
    ] {
        let start: String = file.chars().take(60).collect();
        let Ok((_, parsed)) = read(file.as_bytes(), Some(format), &moment()) else {
            continue;
        };
        assert!(parsed.notes.clone().into_texts().len() <= 101, "{start}");
        for row in parsed.rows {
            let reasons = row.task.err().unwrap_or_default();
            assert!(row.notes.len() <= 50 && reasons.len() <= 50, "{start}");
        }
    }
}

#[test]
fn windows_line_ends_make_no_difference() {
    let unix = "(A) Pay rent @home\nx 2026-11-20 Done\n";
    let windows = unix.replace('\n', "\r\n");
    let rows = |file: &str| read(file.as_bytes(), None, &moment()).unwrap().1.rows;
    assert_eq!(rows(unix), rows(&windows));
}

/// Whatever a parser accepts keeps to the rules of a task.
fn keeps_the_rules(file: &[u8], format: Option<Format>) {
    let Ok((_, parsed)) = read(file, format, &moment()) else {
        return;
    };
    for row in &parsed.rows {
        let Ok(task) = &row.task else { continue };
        assert!(row.line > 0 && row.source_id.is_some());
        crate::tasks::TaskTitle::from_text(&task.title).unwrap();
        crate::tasks::Description::from_text(&task.description).unwrap();
        assert!(task.labels.len() <= crate::tasks::Labels::MOST);
        for label in &task.labels {
            crate::tasks::Label::from_text(label).unwrap();
        }
        assert!(task.due_time.is_none() || task.due_date.is_some());
        for day in [task.due_date, task.snoozed_until].into_iter().flatten() {
            crate::tasks::DueDate::from_text(&day.to_string()).unwrap();
        }
        assert_eq!(task.status.is_open(), task.completed_at.is_none());
    }
}

/// A fixture with a few bytes replaced, removed, added or moved.
fn mutated() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let pieces: [&[u8]; 12] = [
        b"\0",
        b"\xff",
        b"\xc3",
        b"\r",
        b"\n ",
        b"\"",
        b"\\",
        b"{",
        b"99999",
        b"\xe2\x80\xae",
        b":",
        b"",
    ];
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::sample::select(pieces.to_vec()),
    );
    (
        prop::sample::select(FIXTURES.to_vec()),
        prop::collection::vec(edit, 1..8),
    )
        .prop_map(|((format, file), edits)| {
            let mut file = file.to_vec();
            for (from, to, piece) in edits {
                let (from, to) = (from.index(file.len() + 1), to.index(file.len() + 1));
                // Mostly a small cut, sometimes half of the file.
                let end = if to > from {
                    to.min(from + to % 40)
                } else {
                    from
                };
                file.splice(from..end, piece.iter().copied());
            }
            (format, file)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_bytes_make_a_parser_panic(file in prop::collection::vec(any::<u8>(), 0..400)) {
        keeps_the_rules(&file, None);
        for format in FORMATS {
            keeps_the_rules(&file, Some(format));
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(file in "(\\PC|[\\n\\r\\t \u{0}\",:;@+x()\\[\\]{}\\\\=-]){0,200}") {
        keeps_the_rules(file.as_bytes(), None);
        for format in FORMATS {
            keeps_the_rules(file.as_bytes(), Some(format));
        }
    }

    #[test]
    fn damaged_files_make_no_parser_panic((format, file) in mutated()) {
        keeps_the_rules(&file, None);
        keeps_the_rules(&file, Some(format));
    }
}
