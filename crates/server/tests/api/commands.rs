//! The commands of the real binary

use serde_json::json;

use crate::support::Process;

#[test]
fn every_command_explains_itself_with_an_example() {
    let duly = Process::new();
    let commands: [&[&str]; 28] = [
        &["serve"],
        &["work"],
        &["migrate"],
        &["db"],
        &["db", "partition"],
        &["user"],
        &["user", "create"],
        &["user", "list"],
        &["user", "promote"],
        &["user", "reset-password"],
        &["user", "invite"],
        &["queue"],
        &["queue", "list"],
        &["queue", "retry"],
        &["queue", "pause"],
        &["import"],
        &["export"],
        &["dump"],
        &["restore"],
        &["backup"],
        &["doctor"],
        &["openapi"],
        &["config"],
        &["config", "check"],
        &["config", "show"],
        &["mail", "test"],
        &["mail", "feedback"],
        &["completions"],
    ];
    for command in commands {
        let help = duly.say(&[command, &["--help"]].concat());
        assert!(help.contains("Example: "), "{command:?}: {help}");
    }
    assert!(duly.say(&["--version"]).starts_with("duly "));
}

#[test]
fn accounts_are_looked_after() {
    let duly = Process::new();
    let made = duly.say(&[
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ]);
    assert!(made.contains("/reset?token="), "{made}");
    let list = duly.say(&["user", "list"]);
    assert!(list.contains("user   ann@example.org  Ann"), "{list}");
    duly.say(&["user", "promote", "ann@example.org"]);
    assert!(duly.say(&["user", "list"]).contains("admin"));
    assert!(
        duly.say(&["user", "reset-password", "ann@example.org"])
            .contains("/reset?token=")
    );
    assert!(duly.say(&["user", "invite"]).contains("/register?invite="));

    for (arguments, code, message) in [
        (
            vec![
                "user",
                "create",
                "--name",
                "Ann",
                "--email",
                "ann@example.org",
            ],
            2,
            "email",
        ),
        (
            vec!["user", "create", "--name", "", "--email", "b@example.org"],
            2,
            "name",
        ),
        (
            vec!["user", "promote", "nobody@example.org"],
            1,
            "nobody here has the address nobody@example.org",
        ),
        (
            vec!["user", "reset-password", "nobody@example.org"],
            1,
            "nobody here has the address nobody@example.org",
        ),
        (vec!["user", "promote", "nonsense"], 2, "email"),
        (vec!["nonsense"], 2, "unrecognized"),
    ] {
        let output = duly.run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
}

#[test]
fn tasks_are_brought_in_and_taken_out() {
    let duly = Process::new();
    duly.say(&[
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ]);
    std::fs::write(
        duly.path().join("todo.txt"),
        "(A) Call mother due:2026-11-30\n",
    )
    .expect("a file");
    let import = ["import", "--user", "ann@example.org", "todo.txt"];
    let tried = duly.say(&[&import[..], &["--dry-run"]].concat());
    assert!(tried.contains("1 rows: 1 would be imported"), "{tried}");
    let done = duly.say(&import);
    assert!(done.contains("1 imported"), "{done}");
    let again = duly.say(&import);
    assert!(again.contains("1 here already"), "{again}");
    let csv = duly.say(&["export", "--user", "ann@example.org", "--format", "csv"]);
    assert!(csv.contains("Call mother"), "{csv}");
    duly.say(&[
        "export",
        "--user",
        "ann@example.org",
        "--output",
        "tasks.json",
    ]);
    let kept = std::fs::read_to_string(duly.path().join("tasks.json")).expect("a file");
    assert!(kept.contains("Call mother"), "{kept}");
    let output = duly.run(&["import", "--user", "bob@example.org", "todo.txt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("duly user list"));
}

#[test]
fn wrong_settings_are_refused_with_their_line() {
    let duly = Process::new();
    std::fs::write(duly.path().join("duly.toml"), "[http]\nlistn = \"x\"\n").expect("a file");
    for arguments in [
        vec!["serve"],
        vec!["config"],
        vec!["config", "check"],
        vec!["migrate"],
    ] {
        let output = duly.run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(
            error.contains("duly.toml:2: unknown setting http.listn"),
            "{error}"
        );
        assert!(error.contains("did you mean http.listen?"), "{error}");
    }
    let output = duly.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAIL  settings"));
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let duly = Process::new();
    let report = duly.say(&["doctor"]);
    assert!(
        report.contains("warn  database: data/duly.db does not exist yet"),
        "{report}"
    );
    assert!(
        !duly.path().join("data").exists(),
        "looking must not make anything"
    );
    assert!(
        duly.say(&["migrate", "--dry-run"])
            .contains("would apply tracker/0001_users")
    );
    assert!(
        duly.say(&["migrate"])
            .contains("applied tracker/0001_users")
    );
    assert!(duly.say(&["migrate"]).contains("up to date"));
    let report = duly.say(&["doctor"]);
    for line in [
        "ok    durability: write-ahead log, synchronous=FULL",
        "ok    integrity: nothing is damaged",
        "ok    primary: sqlite 3.",
        "ok    connections: 4 of at most 4 are open",
        "ok    migrations: up to date",
        "ok    cache: in the memory of the process",
        "warn  mail: no server is set",
    ] {
        assert!(report.contains(line), "{report}");
    }
    let cache = (
        "DULY_CACHE__URL",
        "redis://duly:secret-of-redis@127.0.0.1:1",
    );
    let output = duly.run_with(&["doctor"], cache);
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("FAIL  cache: 127.0.0.1:1: "), "{report}");
    assert!(!report.contains("secret-of-redis"), "{report}");
    std::fs::write(duly.path().join("data/duly.db"), vec![b'x'; 100_000]).expect("a file");
    let output = duly.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAIL  database"));
}

#[test]
fn a_test_mail_is_written_when_no_server_is_set() {
    let duly = Process::new();
    let said = duly.say(&["mail", "test", "--to", "ann@example.org"]);
    assert!(said.contains("outbox"), "{said}");
    let mails = std::fs::read_dir(duly.path().join("data/outbox"))
        .expect("a folder")
        .count();
    assert_eq!(mails, 1);
    let output = duly.run(&["mail", "test", "--to", "nonsense"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("must be an e-mail address"), "{error}");
}

#[tokio::test]
async fn the_demo_can_be_looked_at() {
    let mut duly = Process::new();
    for _ in 0..2 {
        duly.serve(&["--demo"]);
        assert!(
            duly.printed
                .contains("demo@example.org / just looking around"),
            "{}",
            duly.printed
        );
        let mut client = duly.connect().await;
        let login = json!({ "email": "demo@example.org", "password": "just looking around" });
        client
            .send("POST", "/api/v1/login", Some(login))
            .await
            .expect("it runs");
        let list = client
            .send("GET", "/api/v1/tasks?limit=200", None)
            .await
            .expect("it runs");
        let count = list["data"].as_array().expect("a list").len();
        assert!((50..=80).contains(&count), "{count} tasks");
        let figures = client
            .send("GET", "/api/v1/statistics", None)
            .await
            .expect("it runs");
        assert!(
            figures["completed_30_days"].as_i64().expect("a number") > 20,
            "{figures}"
        );
        assert!(
            figures["completed_today"].as_i64().expect("a number") > 0,
            "{figures}"
        );
        assert!(
            figures["overdue"].as_i64().expect("a number") > 0,
            "{figures}"
        );
        assert!(duly.stop());
    }
    duly.serve(&[]);
    assert!(
        duly.printed.contains("/setup?token="),
        "the demo is nobody's account: {}",
        duly.printed
    );
}

#[test]
fn the_address_of_another_server_is_not_taken() {
    let mut first = Process::new();
    first.serve(&[]);
    assert!(first.printed.contains("/setup?token="), "{}", first.printed);
    let address = first.url.trim_start_matches("http://");
    std::fs::write(
        first.path().join("other.toml"),
        "[database]\nurl = \"sqlite:other/duly.db\"\n",
    )
    .expect("a file");
    let output = first.run_with(
        &["--config", "other.toml", "serve"],
        ("DULY_HTTP__LISTEN", address),
    );
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("another program listens there"), "{error}");
    assert!(
        !first.path().join("other").exists(),
        "nothing is made before the address is had"
    );
}

#[test]
fn sqlite_has_no_partitions() {
    let duly = Process::new();
    duly.say(&["migrate"]);
    for arguments in [
        &["db", "partition", "tasks"][..],
        &["db", "partition", "tasks", "--undo"],
    ] {
        let refused = duly.run(arguments);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{error}");
        assert!(
            error.contains("SQLite has no partitions and needs none"),
            "{error}"
        );
    }
    assert!(!String::from_utf8_lossy(&duly.run(&["doctor"]).stdout).contains("partitions"));
}
