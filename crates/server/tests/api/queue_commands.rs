//! `duly queue` and `duly work`

use duly_cache::testing::RedisServer;
use serde_json::json;

use crate::support::Process;

#[test]
fn jobs_are_looked_after() {
    let duly = Process::new();
    let make = [
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ];
    duly.say(&make);
    let status = duly.say(&["queue", "status"]);
    for queue in ["urgent", "reminders", "maintenance"] {
        assert!(status.contains(queue), "{status}");
    }
    assert!(status.contains("No worker was heard of"), "{status}");
    let paused = duly.say(&[
        "queue",
        "pause",
        "urgent",
        "--reason",
        "a move",
        "--minutes",
        "5",
    ]);
    assert!(
        paused.contains("The queue urgent is paused until"),
        "{paused}"
    );
    let status = duly.say(&["queue", "status"]);
    assert!(status.contains("by the command line until"), "{status}");
    assert!(status.contains("a move"), "{status}");
    let resumed = duly.say(&["queue", "resume", "urgent"]);
    assert_eq!(resumed.trim(), "The queue urgent is not paused any more.");
    assert!(
        duly.say(&["queue", "actions"])
            .contains("resume by the command line")
    );
    assert!(
        duly.say(&["queue", "list", "--state", "failed"])
            .contains("no such jobs")
    );
    assert!(
        duly.say(&["queue", "retry", "--all"])
            .contains("0 jobs wait again")
    );
    assert!(
        duly.say(&["queue", "prune", "--days", "7"])
            .contains("Deleted 0")
    );
    for wrong in [
        &["queue", "retry"][..],
        &["queue", "pause", "none"],
        &["queue", "pause", "none", "--kind"],
    ] {
        let said = duly.run(wrong);
        assert_eq!(said.status.code(), Some(2), "{wrong:?}");
    }
    let unknown = "01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11";
    assert_eq!(duly.run(&["queue", "show", unknown]).status.code(), Some(1));
}

#[tokio::test]
async fn tags_are_watched_and_jobs_counted_on_the_command_line() {
    let duly = Process::new();
    assert!(duly.say(&["queue", "tags"]).contains("No tag is watched"));
    let watched = duly.say(&["queue", "watch", "user:ann"]);
    assert_eq!(watched.trim(), "user:ann is watched.");
    assert!(
        duly.say(&["queue", "watch", "user:ann"])
            .contains("was watched already")
    );
    let tags = duly.say(&["queue", "tags"]);
    assert!(
        tags.contains("user:ann") && tags.contains("0 ready"),
        "{tags}"
    );
    assert!(
        duly.say(&["queue", "unwatch", "user:ann"])
            .contains("not watched any more")
    );
    assert_eq!(duly.run(&["queue", "watch", ""]).status.code(), Some(2));
    for (deed, said) in [
        ("cancel", "Would end 0 jobs."),
        ("retry", "Would try again 0 jobs."),
        ("forget", "Would delete 0 jobs."),
    ] {
        let narrow = ["--since", "2026-11-30T09:00:00Z", "--owner", "nobody"];
        let command = [&["queue", deed, "--dry-run"][..], &narrow].concat();
        assert_eq!(duly.say(&command).trim(), said);
    }
}

#[tokio::test]
async fn a_worker_serves_the_queues_it_is_told_and_stops_in_time() {
    let mut duly = Process::new();
    let make = [
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ];
    duly.say(&make);
    duly.serve(&["--role", "web"]);
    let forgotten = json!({ "email": "ann@example.org" });
    let mut client = duly.connect().await;
    let path = "/api/v1/password/forgot";
    client.send("POST", path, Some(forgotten)).await;
    let is_waiting = || duly.say(&["queue", "list"]).contains("send_password_reset");
    assert!(is_waiting());
    let work = |queues| {
        let said = duly.say(&[
            "work",
            "--queues",
            queues,
            "--slots",
            "2",
            "--max-time",
            "1",
        ]);
        assert!(
            said.contains(&format!("works on {queues} with 2 slots")),
            "{said}"
        );
    };
    work("maintenance");
    assert!(is_waiting(), "it serves another queue");
    work("urgent");
    assert!(!is_waiting());
    assert!(
        duly.say(&["queue", "list", "--state", "done"])
            .contains("send_password_reset")
    );
    let said = duly.say(&["work", "--max-memory", "1MiB"]);
    assert!(
        said.contains("works on urgent, default, reminders, maintenance"),
        "{said}"
    );
    for wrong in [
        &["work", "--queues", "none"][..],
        &["work", "--max-memory", "much"],
    ] {
        assert_eq!(duly.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn jobs_move_to_redis_and_back_and_run_where_they_are() {
    let redis = RedisServer::with(&[]);
    let mut duly = Process::new();
    for email in ["ann@example.org", "bob@example.org"] {
        duly.say(&["user", "create", "--name", "Somebody", "--email", email]);
    }
    let nowhere = duly.run(&["queue", "move", "--to", "redis"]);
    assert_eq!(nowhere.status.code(), Some(2));
    duly.serve(&["--role", "web"]);
    let forgotten = json!({ "email": "ann@example.org" });
    let mut client = duly.connect().await;
    let path = "/api/v1/password/forgot";
    client.send("POST", path, Some(forgotten)).await;
    let is_waiting = |duly: &Process| duly.say(&["queue", "list"]).contains("send_password_reset");
    duly.variables.push(("DULY_QUEUE__URL", redis.url()));
    let moved = duly.say(&["queue", "move", "--to", "redis"]);
    assert!(moved.contains("Moved 1 jobs to Redis"), "{moved}");
    assert!(is_waiting(&duly));
    duly.variables.pop();
    assert!(!is_waiting(&duly));
    duly.variables.push(("DULY_QUEUE__URL", redis.url()));
    let moved = duly.say(&["queue", "move", "--to", "sql"]);
    assert!(moved.contains("Moved 1 jobs to the database"), "{moved}");
    duly.say(&["queue", "move", "--to", "redis"]);
    // Another that serves pushes there by itself, and a worker runs both.
    duly.kill();
    duly.serve(&["--role", "web"]);
    let mut client = duly.connect().await;
    let forgotten = json!({ "email": "bob@example.org" });
    client.send("POST", path, Some(forgotten)).await;
    let mut done = String::new();
    for _ in 0..20 {
        duly.say(&["work", "--queues", "urgent", "--max-time", "1"]);
        done = duly.say(&["queue", "list", "--state", "done"]);
        if done.matches("send_password_reset").count() >= 2 {
            break;
        }
    }
    assert_eq!(done.matches("send_password_reset").count(), 2, "{done}");
    assert!(!is_waiting(&duly));
    let doctor = duly.run(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    // It keeps nothing on the disk here, of which is warned.
    assert!(said.contains("warn  jobs: in Redis"), "{said}");
}
