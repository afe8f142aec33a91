//! What a report says: of deliveries (RFC 3464, RFC 6533) and of abuse (RFC 5965).

use super::fields::Fields;
use super::parts::{Part, parts};
use crate::mail::{Outcome, one_line};

/// No `Message-ID` of ours is longer.
const LONGEST_ID: usize = 320;

/// A server's words are cut here, as those of the one that mails are handed to.
const LONGEST_WORDS: usize = 500;

/// How many groups of fields of one report are read: a mail of ours has one recipient.
const MOST_GROUPS: usize = 100;

/// A report about one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The mail's `Message-ID`, without the angle brackets; none when the report does not tell.
    pub message_id: Option<String>,
    /// What became of it; none when there is nothing to do about it: it is late, or it has arrived.
    pub verdict: Option<Verdict>,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// In the words of whoever tells.
    pub words: String,
}

impl Report {
    /// Reads a message; [`None`] when it is no report.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<Self> {
        let parts = parts(message);
        let verdict = parts.iter().find_map(|part| match part.kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                Some(delivery(&part.content))
            }
            "message/feedback-report" => Some(complaint(&part.content)),
            _ => None,
        })?;
        Some(Report {
            message_id: parts.iter().find_map(message_id),
            verdict,
        })
    }
}

/// From the mail that came back, or its head.
fn message_id(part: &Part<'_>) -> Option<String> {
    let is_original = matches!(
        part.kind.as_str(),
        "message/rfc822" | "text/rfc822-headers" | "message/global" | "message/global-headers"
    );
    if !is_original {
        return None;
    }
    let (fields, _) = Fields::read(&part.content);
    let id = fields.get("message-id")?;
    let id = id.trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty() && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

/// The first group of fields is about the report, each other one about a recipient.
fn delivery(content: &[u8]) -> Option<Verdict> {
    let mut rest = content;
    let mut verdict: Option<Verdict> = None;
    for _ in 0..MOST_GROUPS {
        if rest.is_empty() {
            break;
        }
        let (fields, after) = Fields::read(rest);
        rest = after;
        match fields.get("action").map(str::to_ascii_lowercase).as_deref() {
            Some("failed") => {
                let found = failure(&fields);
                let is_worse = found.outcome == Outcome::Bounced;
                if is_worse || verdict.is_none() {
                    verdict = Some(found);
                }
            }
            // Where it went on to, it has arrived somewhere.
            Some("delivered" | "relayed" | "expanded") => return None,
            _ => {}
        }
    }
    verdict
}

fn failure(fields: &Fields) -> Verdict {
    let status = fields.get("status").unwrap_or_default();
    // RFC 3463, section 2: a persistent transient failure says nothing of the address.
    let outcome = match status.trim_start().starts_with('4') {
        true => Outcome::GivenUp,
        false => Outcome::Bounced,
    };
    let said = fields.typed("diagnostic-code");
    let said = said.or_else(|| Some(status).filter(|status| !status.is_empty()));
    let said = said.unwrap_or("the mail could not be delivered");
    let words = match fields.typed("remote-mta") {
        Some(server) => format!("{server}: {said}"),
        None => said.to_owned(),
    };
    Verdict {
        outcome,
        words: shortened(&words),
    }
}

fn complaint(content: &[u8]) -> Option<Verdict> {
    let (fields, _) = Fields::read(content);
    let kind = fields.get("feedback-type")?.to_ascii_lowercase();
    // The others say that a mail is no spam, or how it was signed.
    if !matches!(kind.as_str(), "abuse" | "fraud" | "virus" | "opt-out") {
        return None;
    }
    let by = fields
        .typed("reporting-mta")
        .or_else(|| fields.get("user-agent"));
    let words = match by {
        Some(by) => format!("a mail was reported as spam ({kind}, told by {by})"),
        None => format!("a mail was reported as spam ({kind})"),
    };
    Some(Verdict {
        outcome: Outcome::Complained,
        words: shortened(&words),
    })
}

fn shortened(words: &str) -> String {
    one_line(words).chars().take(LONGEST_WORDS).collect()
}
