//! What `duly doctor` finds, as programs are told it.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use duly_cache::testing::RedisServer;
use serde_json::Value;

use crate::support::Process;

/// Runs it with another variable, and answers its exit code and what it says.
fn examine(duly: &Process, variable: (&str, &str)) -> (Option<i32>, Value) {
    let output = duly.run_with(&["doctor", "--json"], variable);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for check in report["checks"].as_array().expect("a list") {
        let is_ok = check["status"] == "ok";
        assert_eq!(
            check["remedy"].is_null(),
            is_ok,
            "what to do is told: {check}"
        );
    }
    (output.status.code(), report)
}

/// The one check of this name, as its status and its texts.
fn check(report: &Value, name: &str) -> (String, String) {
    let checks = report["checks"].as_array().expect("a list");
    let mut named = checks.iter().filter(|check| check["name"] == name);
    let (Some(check), None) = (named.next(), named.next()) else {
        panic!("not one {name}: {report}");
    };
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    (
        text("status"),
        format!("{}; {}", text("message"), text("remedy")),
    )
}

const NOTHING: (&str, &str) = ("HOME", "/");

#[test]
fn programs_are_told_every_check() {
    let duly = Process::new();
    duly.say(&["migrate"]);
    let (code, report) = examine(&duly, NOTHING);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["status"], "warning", "there is no mail server");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    let checks = report["checks"].as_array().expect("a list");
    let names: Vec<&str> = checks
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    let expected = [
        "settings",
        "secrets",
        "public url",
        "operations",
        "database",
        "sqlite",
        "durability",
        "integrity",
        "primary",
        "connections",
        "migrations",
        "statistics",
        "backup",
        "cache",
        "jobs",
        "disk space",
        "mail",
        "open files",
        "clock",
        "time zones",
    ];
    assert_eq!(names, expected);
    assert_eq!(check(&report, "backup").0, "warning");
    duly.say(&["backup", "copy.db"]);
    let (_, report) = examine(&duly, NOTHING);
    assert_eq!(check(&report, "backup").0, "ok", "{report}");
    let lines = duly.say(&["doctor"]);
    for name in expected {
        assert!(
            lines.contains(&format!("  {name}: ")),
            "people are told the same: {lines}"
        );
    }
}

#[test]
fn wrong_settings_are_told_to_programs_one_by_one() {
    let duly = Process::new();
    std::fs::write(
        duly.path().join("duly.toml"),
        "[http]\nlistn = 1\nbody_timeout = \"x\"\n",
    )
    .expect("a file");
    let (code, report) = examine(&duly, NOTHING);
    assert_eq!((code, &report["status"]), (Some(1), &Value::from("failed")));
    let checks = report["checks"].as_array().expect("a list");
    let wrong = checks
        .iter()
        .filter(|check| check["name"] == "settings" && check["status"] == "failed");
    assert_eq!(wrong.count(), 2, "{report}");
}

#[test]
fn a_redis_that_forgets_jobs_is_told() {
    let (duly, keeps) = (Process::new(), ["--maxmemory-policy", "noeviction"]);
    let jobs = |server: &RedisServer| {
        let (code, report) = examine(&duly, ("DULY_QUEUE__URL", &server.url()));
        (code, check(&report, "jobs"))
    };
    let server = RedisServer::with(&keeps);
    let (code, (status, text)) = jobs(&server);
    assert_eq!((code, status.as_str()), (Some(0), "warning"));
    assert!(
        text.ends_with("it forgets jobs when it is restarted; set appendonly to yes"),
        "{text}"
    );
    let server = RedisServer::with(&[&keeps[..], &["--appendonly", "yes"]].concat());
    assert_eq!(jobs(&server).1.0, "ok");
    server.kill();
    let (code, (status, text)) = jobs(&server);
    assert_eq!((code, status.as_str()), (Some(1), "failed"));
    assert!(text.contains("whether queue.url names it"), "{text}");
}

#[test]
fn a_mail_server_that_does_not_know_us_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
        stream
            .write_all(b"220 mail.example.org\r\n")
            .expect("it reads");
        while let Some(Ok(line)) = lines.next() {
            let answer: &[u8] = match line.split(' ').next() {
                Some("EHLO") => b"250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n",
                Some("AUTH") => b"535 5.7.8 wrong user or password\r\n",
                _ => b"221 good-bye\r\n",
            };
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    });
    let url = format!("smtp://ann:hunter2@127.0.0.1:{port}?tls=none");
    let (code, report) = examine(&Process::new(), ("DULY_MAIL__URL", &url));
    let (status, text) = check(&report, "mail");
    assert_eq!((code, status.as_str()), (Some(1), "failed"));
    assert!(
        text.contains("wrong user or password") && text.ends_with("see mail.url"),
        "{text}"
    );
    assert!(!report.to_string().contains("hunter2"));
}

#[test]
fn a_settings_file_with_a_password_that_everybody_reads_is_told() {
    let duly = Process::new();
    let settings = duly.path().join("duly.toml");
    let everybody = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
    };
    everybody(duly.path(), 0o755);
    std::fs::write(&settings, "[worker]\nslots = 2\n").expect("a file");
    everybody(&settings, 0o644);
    let secrets = || check(&examine(&duly, NOTHING).1, "secrets");
    assert_eq!(secrets().0, "ok", "there is no password in it");
    std::fs::write(
        &settings,
        "[cache]\nurl = \"redis://:of-redis@127.0.0.1:1\"\n",
    )
    .expect("a file");
    let (status, text) = secrets();
    assert_eq!(status, "warning");
    assert!(
        text.contains("can be read by everybody on this machine (mode 0644); chmod o-rwx "),
        "{text}"
    );
    everybody(&settings, 0o600);
    assert_eq!(secrets().0, "ok");
}

#[test]
fn who_may_reach_what_is_for_operators_is_looked_at() {
    let duly = Process::new();
    let operations = |listen: &str| {
        let (_, report) = examine(&duly, ("DULY_OPERATIONS__LISTEN", listen));
        check(&report, "operations").0
    };
    assert_eq!(operations("127.0.0.1:9090"), "ok");
    assert_eq!(operations("0.0.0.0:9090"), "warning");
}

#[test]
fn settings_are_listed_with_where_they_come_from() {
    let duly = Process::new();
    std::fs::write(duly.path().join("duly.toml"), "[tasks]\ntrash_days = 7\n").expect("a file");
    std::fs::write(
        duly.path().join("hook"),
        "https://chat.example.org/of-hook\n",
    )
    .expect("a file");
    let hook = ("DULY_ALARMS__WEBHOOK_URL_FILE", "hook");
    let said = |arguments: &[&str]| {
        let output = duly.run_with(&[&["config", "show"], arguments].concat(), hook);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!text.contains("of-hook"), "{text}");
        text
    };
    let table = said(&["--origin"]);
    let origin = |setting: &str| {
        let mut lines = table.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(name, _)| *name == setting);
        let (_, rest) = found.unwrap_or_else(|| panic!("no {setting}: {table}"));
        let words: Vec<&str> = rest.split_whitespace().collect();
        words.join(" ")
    };
    assert!(table.starts_with("settings file: duly.toml\n"), "{table}");
    assert_eq!(origin("tasks.trash_days"), "7 duly.toml:2");
    assert_eq!(origin("worker.slots"), "4 default");
    assert_eq!(origin("log.level"), "\"error\" DULY_LOG__LEVEL");
    assert_eq!(
        origin("alarms.webhook_url"),
        "\"https://chat.example.org/***\" DULY_ALARMS__WEBHOOK_URL_FILE (hook)"
    );
    assert!(!said(&[]).contains("default\n"));
    let listed: Value = serde_json::from_str(&said(&["--json"])).expect("JSON");
    assert_eq!(listed["file"], "duly.toml");
    let settings = listed["settings"].as_array().expect("a list");
    let of = |name: &str| {
        settings
            .iter()
            .find(|one| one["setting"] == name)
            .expect("a setting")
    };
    assert_eq!(of("tasks.trash_days")["value"], 7);
    let line = serde_json::json!({ "kind": "file", "path": "duly.toml", "line": 2 });
    assert_eq!(of("tasks.trash_days")["origin"], line);
    assert_eq!(of("worker.slots")["origin"]["kind"], "default");
    let file = &of("alarms.webhook_url")["origin"];
    assert_eq!(
        (&file["kind"], &file["path"]),
        (&"variable_file".into(), &"hook".into())
    );
}
