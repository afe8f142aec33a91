//! What real servers write, what they should not write, and what nobody means.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::parts::parts;
use super::*;

/// As Postfix writes it when it pipes a bounce to an alias: with a line before the head, and line ends of the system.
const POSTFIX: &str = include_str!("tests/postfix.eml");
/// As Exchange may write it: UTF-8 names of kinds, and the report in base64.
const GLOBAL: &str = include_str!("tests/global.eml");
/// As feedback loops write it.
const ABUSE: &str = include_str!("tests/abuse.eml");

const ID: &str = "due-00112233445566778899aabbccddeeff@duly.example";

fn verdict(outcome: Outcome, words: &str) -> Option<Verdict> {
    Some(Verdict {
        outcome,
        words: words.into(),
    })
}

fn read(message: &str) -> Report {
    Report::read(message.as_bytes()).expect("a report")
}

#[test]
fn what_postfix_writes_is_understood() {
    let report = read(POSTFIX);
    assert_eq!(report.message_id.as_deref(), Some(ID));
    let words = "mx.example.net: 550 5.1.1 <ann@example.net>: Recipient address rejected: \
                 User unknown in virtual mailbox table";
    assert_eq!(report.verdict, verdict(Outcome::Bounced, words));
    let crlf = POSTFIX.replace('\n', "\r\n");
    assert_eq!(read(&crlf), report);
}

#[test]
fn a_report_in_base64_and_a_head_in_quoted_printable_are_understood() {
    let report = read(GLOBAL);
    assert_eq!(report.message_id.as_deref(), Some(ID));
    let words = "550 5.7.1 Zustellung verweigert für ann@example.net";
    assert_eq!(report.verdict, verdict(Outcome::Bounced, words));
}

#[test]
fn what_became_of_it_is_told_by_action_and_status() {
    let with = |action: &str, status: &str| {
        let changed = POSTFIX.replace("Action: failed", &format!("Action: {action}"));
        let changed = changed.replace("Status: 5.1.1", &format!("Status: {status}"));
        read(&changed).verdict.map(|verdict| verdict.outcome)
    };
    assert_eq!(with("failed", "5.2.2"), Some(Outcome::Bounced));
    assert_eq!(
        with("FAILED (expired)", "4.4.7"),
        None,
        "no action of RFC 3464"
    );
    assert_eq!(with("Failed", "4.4.7"), Some(Outcome::GivenUp));
    for action in ["delayed", "delivered", "relayed", "expanded", "eaten"] {
        assert_eq!(with(action, "5.1.1"), None, "{action}");
    }
}

#[test]
fn of_several_recipients_one_that_got_it_is_enough() {
    let other = "Final-Recipient: rfc822; ann2@example.net\nAction: ACTION\nStatus: 5.0.0\n\n";
    let with = |action: &str| {
        let group = other.replace("ACTION", action);
        let at = "Final-Recipient: rfc822; ann@example.net\n";
        read(&POSTFIX.replace(at, &format!("{group}{at}"))).verdict
    };
    assert_eq!(with("delivered"), None);
    assert!(with("failed").is_some());
}

#[test]
fn complaints_are_told_from_what_is_none() {
    let report = read(ABUSE);
    assert_eq!(report.message_id.as_deref(), Some(ID));
    let words = "a mail was reported as spam (abuse, told by mx.example.net)";
    assert_eq!(report.verdict, verdict(Outcome::Complained, words));
    for kind in ["not-spam", "auth-failure", "other", "dmarc"] {
        let other = ABUSE.replace("Feedback-Type: abuse", &format!("Feedback-Type: {kind}"));
        assert_eq!(read(&other).verdict, None, "{kind}");
    }
}

#[test]
fn what_is_no_report_is_told_from_one() {
    for text in [
        "",
        "\n\n",
        "Subject: I am away\n\nSee you on Monday.\n",
        "Content-Type: multipart/report; boundary=x\n\nnothing\n",
        "Content-Type: multipart/mixed; boundary=\n\n--\nx\n",
    ] {
        assert_eq!(Report::read(text.as_bytes()), None, "{text:?}");
    }
    // A report that somebody forwards as a whole is none of ours.
    let forwarded = format!("Content-Type: message/rfc822\n\n{POSTFIX}");
    assert_eq!(Report::read(forwarded.as_bytes()), None);
}

#[test]
fn a_report_may_end_anywhere() {
    for sample in [POSTFIX, GLOBAL, ABUSE] {
        let whole = read(sample);
        for end in 0..sample.len() {
            let Some(report) = Report::read(&sample.as_bytes()[..end]) else {
                continue;
            };
            // What was cut off is not made up.
            let id = report.message_id.unwrap_or_default();
            assert!(ID.starts_with(&id), "{end}: {id}");
            let known = whole.verdict.as_ref().map(|verdict| verdict.outcome);
            let told = report.verdict.map(|verdict| verdict.outcome);
            assert!(told.is_none() || told == known, "{end}: {told:?}");
        }
    }
}

/// Pieces of reports in any order, with bytes of all kinds in between.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::sample::select(vec![
            "Content-Type: multipart/report; boundary=\"b\"\n",
            "Content-Type: message/delivery-status\n",
            "Content-Type: message/feedback-report\n",
            "Content-Type: message/rfc822\n",
            "Content-Transfer-Encoding: base64\n",
            "Content-Transfer-Encoding: quoted-printable\n",
            "Message-ID: <a@b>\n",
            "Action: failed\n",
            "Status: 5.1.1\n",
            "Feedback-Type: abuse\n",
            "\n",
            "\r\n",
            "--b\n",
            "--b--\n",
            "=\n",
            "=F",
            " \t",
            "\"",
            ";",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

#[test]
fn garbage_is_read_without_harm() {
    let mut runner = TestRunner::deterministic();
    let outcome = runner.run(&garbage(), |message| {
        if let Some(report) = Report::read(&message) {
            let verdict = report.verdict.map(|verdict| verdict.words);
            prop_assert!(verdict.is_none_or(|words| words.chars().count() <= 500));
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn what_is_large_on_purpose_takes_no_long_time() {
    const SIZE: usize = 1024 * 1024;
    let filled = |start: &str, piece: &str| {
        let mut text = start.to_owned();
        while text.len() < SIZE {
            text.push_str(piece);
        }
        text
    };
    let multipart = "Content-Type: multipart/report; boundary=b\n\n";
    let status = "Content-Type: message/delivery-status\n\n";
    for large in [
        filled("", "Content-Type: message/rfc822\n\n"),
        filled(multipart, "--b\n"),
        filled(multipart, &format!("--b\n{multipart}")),
        filled(status, "Action: delayed\n\n"),
        filled(status, " x\n"),
        filled("", "a:\n"),
        filled("Content-Type: a", ";\""),
        filled("Content-Transfer-Encoding: base64\n\n", "="),
        filled("Content-Transfer-Encoding: quoted-printable\n\n", "="),
    ] {
        let begin = Instant::now();
        assert!(parts(large.as_bytes()).len() <= 50);
        let _ = Report::read(large.as_bytes());
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(5), "{}: {took:?}", &large[..60]);
    }
}
