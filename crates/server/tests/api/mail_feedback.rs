//! `duly mail feedback`: what a mail server pipes, and what it is answered

use std::time::Duration;

use serde_json::json;

use crate::support::Process;

fn report(message_id: &str, kind: &str, fields: &str) -> String {
    format!(
        "From MAILER-DAEMON Mon Nov 23 08:00:01 2026\nSubject: report\n\
         Content-Type: multipart/report; boundary=b\n\n--b\n\
         Content-Type: message/{kind}\n\n{fields}\n--b\nContent-Type: message/rfc822\n\n\
         Message-ID: <{message_id}>\nSubject: Confirm\n\nHello\n--b--\n"
    )
}

/// The exit code and what was said on either output.
fn feed(duly: &Process, message: &[u8]) -> (Option<i32>, String) {
    let output = duly.run_with_input(&["mail", "feedback"], message);
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8(said).expect("UTF-8"),
    )
}

/// The `Message-ID` of the first mail that lies in the outbox, which is its name.
async fn mailed(duly: &Process) -> String {
    let find = || {
        let folder = std::fs::read_dir(duly.path().join("data/outbox")).ok()?;
        let names = folder.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let mut ids = names.filter_map(|name| Some(name.strip_suffix(".eml")?.to_owned()));
        ids.find(|id| !id.starts_with('.'))
    };
    let found = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            if let Some(id) = find() {
                return id;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), found);
    found.await.expect("a mail")
}

#[test]
fn a_mail_server_is_told_whether_to_come_again() {
    let mut duly = Process::new();
    let bounce = report(
        "x@y",
        "delivery-status",
        "A: b\n\nAction: failed\nStatus: 5.1.1\n",
    );
    let (code, said) = feed(&duly, bounce.as_bytes());
    assert_eq!(code, Some(75), "there is no database: {said}");
    duly.say(&["migrate"]);
    let (code, said) = feed(&duly, bounce.as_bytes());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no mail that is known here"), "{said}");
    let (code, said) = feed(&duly, b"Subject: I am away\n\nSee you.\n");
    assert_eq!(code, Some(65), "{said}");
    let long = bounce.clone() + &"and on it goes\n".repeat(200_000);
    assert_eq!(feed(&duly, long.as_bytes()).0, Some(0));
    duly.variables = vec![("DULY_MAIL__URL", "wrong".into())];
    let (code, said) = feed(&duly, bounce.as_bytes());
    assert_eq!(code, Some(75), "the settings are wrong: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_that_is_piped_while_duly_runs_stops_mails() {
    let mut duly = Process::new();
    duly.variables = vec![("DULY_WORKER__POLL", "100ms".into())];
    duly.serve(&[]);
    let mut client = duly.connect().await;
    let body = json!({ "name": "Ann", "email": "ann@example.org",
        "password": "correct horse battery" });
    client
        .send("POST", "/api/v1/register", Some(body))
        .await
        .expect("it runs");
    let message_id = mailed(&duly).await;
    let complaint = report(&message_id, "feedback-report", "Feedback-Type: abuse\n");
    let (code, said) = feed(&duly, complaint.as_bytes());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing more is sent there"), "{said}");
    let (_, said) = feed(&duly, complaint.as_bytes());
    assert!(said.contains("noted before"), "{said}");
    assert!(duly.stop());
}
