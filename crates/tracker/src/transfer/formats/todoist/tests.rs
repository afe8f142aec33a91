use super::*;
use crate::transfer::formats::sample;
use crate::transfer::parsed::Row;

fn rows(body: &str) -> Vec<Row> {
    let file =
        format!("TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,DATE,DATE_LANG,TIMEZONE\r\n{body}");
    read(&file, &sample::moment()).unwrap().rows
}

fn due(date: &str, language: &str, zone: &str) -> Row {
    rows(&format!("task,a,,4,1,{date},{language},{zone}\r\n")).remove(0)
}

#[test]
fn the_header_is_recognised_in_any_order_and_case() {
    assert!(is_header("TYPE,CONTENT,PRIORITY"));
    assert!(is_header("\"type\",\"Priority\", content"));
    assert!(!is_header("Type;Content;Priority") && !is_header("title,priority"));
}

#[test]
fn dates_are_judged_by_language_and_zone() {
    for (date, language, zone, day, clock) in [
        ("2026-11-24", "de", "Asia/Tokyo", "2026-11-24", None),
        ("2026-11-24 18:00", "", "", "2026-11-24", Some("18:00:00")),
        (
            "2026-11-24T01:00:00Z",
            "",
            "",
            "2026-11-24",
            Some("02:00:00"),
        ),
        (
            "2026-11-24 01:00",
            "en",
            "America/New_York",
            "2026-11-24",
            Some("07:00:00"),
        ),
        (
            "tomorrow 6pm",
            "en",
            "Europe/Berlin",
            "2026-11-24",
            Some("18:00:00"),
        ),
    ] {
        let task = due(date, language, zone).task.unwrap();
        assert_eq!(
            task.due_date.map(|day| day.to_string()).as_deref(),
            Some(day),
            "{date}"
        );
        assert_eq!(
            task.due_time.map(|time| time.to_string()).as_deref(),
            clock,
            "{date}"
        );
    }
    let german = due("morgen", "de", "");
    assert_eq!(german.notes.len(), 1);
    assert_eq!(german.task.unwrap().description, "- date: morgen");
    assert_eq!(due("tomorrow", "de", "").task.unwrap().due_date, None);
    assert!(due("2026-13-01", "en", "").task.is_err());
    assert!(due("10000-01-01", "en", "").task.is_err());
}

#[test]
fn rows_of_other_kinds_are_told() {
    let rows = rows("task,a,,4,1,,,\r\nproject,b,,,,,,\r\nTASK,c\r\n,d,,,,,,\r\n");
    assert!(rows[0].task.is_ok() && rows[2].task.is_ok());
    assert_eq!(
        rows[1].task,
        Err(vec![
            "its TYPE is “project”, not task, section or note".into()
        ])
    );
    assert!(rows[3].task.is_err());
    assert_eq!(
        rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [2, 3, 4, 5]
    );
}

#[test]
fn comments_belong_to_the_task_before_them() {
    let file = "TYPE,CONTENT\nnote,on the project\ntask,a\nnote,first\nnote,second\nsection,S\nnote,lost\n";
    let parsed = read(file, &sample::moment()).unwrap();
    let task = parsed.rows[0].task.clone().unwrap();
    assert_eq!(task.description, "- comment: first\n- comment: second");
    assert_eq!(
        parsed.notes.into_texts(),
        ["comments that belong to no task are left out: 2"]
    );
}
