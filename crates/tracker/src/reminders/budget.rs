//! At most so many mails a day: what goes beyond is told in one of them.

use duly_db::Conn;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::look::Finding;
use super::store::Recipient;
use super::times;
use crate::Result;
use crate::id::NotificationId;
use crate::notifications::Kind;
use crate::notifications::ledger::{self, NO_TASK, Promise};

/// A mail that is sent today was promised no longer ago.
const OLDEST: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How many mails a person may get until midnight; [`None`] for any number.
pub(super) async fn left(
    conn: &mut Conn,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<Option<u32>> {
    let Some(most) = recipient.mails_a_day else {
        return Ok(None);
    };
    let today = times::local_day(now, &recipient.zone);
    let midnight = times::instant(today, Time::midnight(), &recipient.zone).unwrap_or(now);
    let oldest = first_id(now.checked_sub(OLDEST).unwrap_or(Timestamp::UNIX_EPOCH));
    let used = ledger::count_since(conn, recipient.user, oldest, midnight).await?;
    Ok(Some(most.0.saturating_sub(used)))
}

/// The smallest id that is made at an instant (RFC 9562, section 5.7).
pub(super) fn first_id(at: Timestamp) -> NotificationId {
    let milliseconds = u128::try_from(at.as_millisecond()).unwrap_or(0);
    NotificationId(Uuid::from_u128(milliseconds << 80))
}

/// Keeps as many promises as there are mails left. The mail about the week goes first, because it cannot be
/// told in another; the last mail tells of all that is beyond.
pub(super) fn within(findings: Vec<Finding>, left: Option<u32>, today: &str) -> Vec<Finding> {
    let is_kept = |finding: &Finding| matches!(finding, Finding::Keep(_));
    let (mut kept, mut others): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_kept);
    let left = left.map_or(usize::MAX, |left| {
        usize::try_from(left).unwrap_or(usize::MAX)
    });
    kept.sort_by_key(|finding| finding.promise().kind != Kind::Digest);
    if kept.len() <= left {
        kept.append(&mut others);
        return kept;
    }
    let digests = kept
        .iter()
        .filter(|finding| finding.promise().kind == Kind::Digest)
        .count();
    let singles = left.saturating_sub(1).max(digests.min(left));
    let beyond = kept.split_off(singles);
    if singles < left {
        kept.push(Finding::Keep(Promise {
            kind: Kind::Collected,
            task: NO_TASK,
            slot: today.to_owned(),
        }));
    }
    others.extend(beyond.into_iter().map(Finding::folded));
    kept.append(&mut others);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TaskId;

    fn keep(kind: Kind, task: u128) -> Finding {
        Finding::Keep(Promise {
            kind,
            task: TaskId(Uuid::from_u128(task)),
            slot: "2026-11-24".into(),
        })
    }

    fn told(findings: &[Finding]) -> Vec<String> {
        let word = |finding: &Finding| match finding {
            Finding::Keep(_) => "keep",
            Finding::Missed(_) => "missed",
            Finding::Folded(_) => "folded",
        };
        findings
            .iter()
            .map(|finding| format!("{} {}", word(finding), finding.promise().kind.name()))
            .collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let findings = vec![keep(Kind::Due, 1), keep(Kind::Overdue, 0)];
        for left in [None, Some(2)] {
            let kept = within(findings.clone(), left, "2026-11-24");
            assert_eq!(told(&kept), ["keep due", "keep overdue"]);
        }
    }

    #[test]
    fn the_last_mail_tells_of_all_that_is_beyond() {
        let findings = vec![
            keep(Kind::DueTime, 1),
            keep(Kind::Due, 2),
            keep(Kind::Due, 3),
            keep(Kind::Overdue, 0),
        ];
        let kept = within(findings, Some(2), "2026-11-24");
        let expected = [
            "keep due_time",
            "keep collected",
            "folded due",
            "folded due",
            "folded overdue",
        ];
        assert_eq!(told(&kept), expected);
    }

    #[test]
    fn when_none_is_left_everything_is_folded() {
        let kept = within(vec![keep(Kind::DueTime, 1)], Some(0), "2026-11-24");
        assert_eq!(told(&kept), ["folded due_time"]);
    }

    #[test]
    fn the_mail_about_the_week_goes_first() {
        let findings = || {
            vec![
                keep(Kind::Due, 1),
                keep(Kind::Due, 2),
                keep(Kind::Digest, 0),
            ]
        };
        let kept = within(findings(), Some(2), "2026-11-24");
        let expected = ["keep digest", "keep collected", "folded due", "folded due"];
        assert_eq!(told(&kept), expected);
        let kept = within(findings(), Some(1), "2026-11-24");
        assert_eq!(told(&kept), ["keep digest", "folded due", "folded due"]);
    }

    #[test]
    fn one_that_was_missed_costs_nothing() {
        let missed = Finding::Missed(keep(Kind::DueTime, 2).promise().clone());
        let kept = within(vec![missed, keep(Kind::Due, 1)], Some(1), "2026-11-24");
        assert_eq!(told(&kept), ["keep due", "missed due_time"]);
    }
}
