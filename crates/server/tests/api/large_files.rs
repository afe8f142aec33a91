//! Importing files that are too large to be kept in memory

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};

use crate::support::Process;

const IMPORT: [&str; 4] = ["import", "--user", "ann@example.org", "todo.txt"];

/// Somebody to import for.
fn with_ann() -> Process {
    let duly = Process::new();
    duly.say(&[
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ]);
    duly
}

/// A todo.txt with blanks that make it large. Every tenth title is too long, which is told.
fn write_file(duly: &Process, rows: usize) {
    let long = "words ".repeat(100);
    let mut file = String::new();
    for row in 0..rows {
        let title = if row % 10 == 0 { &long } else { "words" };
        let _ = writeln!(
            file,
            "(B) 2026-11-20 Task {row} {title} @home @l{}",
            row % 50
        );
    }
    file += &format!("{}\n", " ".repeat(6 * 1024 * 1024)).repeat(2);
    std::fs::write(duly.path().join("todo.txt"), file).expect("a file");
}

/// Imports so many rows; answers how much memory that took at most, in MiB.
fn memory_of(rows: usize) -> u64 {
    let duly = with_ann();
    write_file(&duly, rows);
    let mut child = duly.spawn_talking(&IMPORT);
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    // A line has 500 characters at least, and a pipe takes no more than 64 KiB: whoever has
    // 200 lines left to say has not come to the end.
    let told = rows / 10;
    for line in lines.by_ref().take(told - 200) {
        let line = line.expect("text");
        assert!(line.contains(": changed: Task "), "{line}");
    }
    let status = format!("/proc/{}/status", child.id());
    let status = std::fs::read_to_string(status).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    let last = lines.last().expect("a line").expect("text");
    assert_eq!(
        last,
        format!("{rows} rows: {rows} imported ({told} of them changed), 0 here already, 0 refused")
    );
    assert!(child.wait().expect("it ends").success());
    kilobytes
        .and_then(|number| number.parse::<u64>().ok())
        .expect("a number")
        / 1024
}

#[test]
#[cfg(target_os = "linux")]
fn the_memory_needed_does_not_grow_with_the_file() {
    let (few, many) = (memory_of(10_000), memory_of(50_000));
    // Kept, 40,000 rows are 20 MiB at least; equal runs differ by up to 10.
    assert!(many <= few + 12, "{few} MiB, then {many} MiB");
}

#[test]
fn what_comes_by_a_pipe_has_an_end() {
    let duly = with_ann();
    write_file(&duly, 10);
    let file = std::fs::read(duly.path().join("todo.txt")).expect("a file");
    let import = ["import", "--user", "ann@example.org", "-"];
    let output = duly.run_with_input(&import, &file);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cannot read -: it has more than 10 MiB; write it to a file and name that"),
        "{error}"
    );
    let said = duly.say(&IMPORT);
    assert!(said.contains("10 rows: "), "{said}");
}

#[test]
fn refused_rows_of_a_large_file_are_told_and_nothing_is_imported() {
    let duly = with_ann();
    write_file(&duly, 1_000);
    let path = duly.path().join("todo.txt");
    let mut file = std::fs::read_to_string(&path).expect("a file");
    file.push_str("Write report due:2026-02-30\n");
    std::fs::write(&path, file).expect("a file");
    let output = duly.run(&IMPORT);
    let (said, error) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        said.contains("line 1003: refused: Write report: “2026-02-30” is no day it can be due"),
        "{said}"
    );
    assert!(
        error.contains("1 of 1001 rows were refused, so nothing was imported"),
        "{error}"
    );
    let tasks = duly.say(&["export", "--user", "ann@example.org", "--format", "todotxt"]);
    assert_eq!(tasks, "");
}
