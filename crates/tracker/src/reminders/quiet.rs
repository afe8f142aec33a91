//! When nothing is sent although there is something to say.

use jiff::{Timestamp, ToSpan};

use super::store::Recipient;
use super::times;

/// When the quiet hours that it is now are over; [`None`] when there are none now.
pub(super) fn over(recipient: &Recipient, now: Timestamp) -> Option<Timestamp> {
    let quiet = recipient.quiet_hours?;
    let local = recipient.zone.to_datetime(now);
    if !quiet.contain(local.time()) {
        return None;
    }
    // Where the clocks are put back, the end comes twice: the first that is still ahead counts.
    (0..3).find_map(|days| {
        let day = local.date().saturating_add(days.days());
        let end = day.to_datetime(quiet.to.time());
        let first = times::instant(day, quiet.to.time(), &recipient.zone);
        let second = recipient.zone.to_ambiguous_timestamp(end).later().ok();
        [first, second].into_iter().flatten().find(|end| *end > now)
    })
}
