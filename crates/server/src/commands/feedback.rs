//! `duly mail feedback`: what a mail server pipes to us.

use std::io::{self, Read};

use duly_tracker::feedback::{self, Report, Taken};

use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

/// What comes after this much of a message is thrown away: the head of the mail that came back stands before its text.
const MOST: u64 = 1024 * 1024;

/// The data are not what they should be (`sysexits.h`): the mail server tells the sender.
const EX_DATAERR: u8 = 65;

/// It may succeed later (`sysexits.h`): the mail server tries again.
const EX_TEMPFAIL: u8 = 75;

/// Takes one report from a mail server.
pub(super) async fn run(config: &Config, message: impl Read) -> Outcome {
    let message = read(message).map_err(later)?;
    let Some(report) = Report::read(&message) else {
        let reason = "this is no report of a mail server (RFC 3464, RFC 5965)";
        return Err(CommandError::Refused(EX_DATAERR, reason.into()));
    };
    super::expect_database(config).map_err(later)?;
    let tracker = start::tracker(config).await.map_err(later)?;
    let taken = feedback::take(&tracker, &report).await.map_err(later)?;
    output::say(match taken {
        Taken::Noted => "Noted.",
        Taken::Stopped => "Noted; nothing more is sent there until its owner says so.",
        Taken::Nothing => "There is nothing to do: the mail is late, or has arrived.",
        Taken::Known => "That was noted before.",
        Taken::Unknown => "It is about no mail that is known here; nothing was changed.",
    });
    Ok(())
}

/// The whole input is read, so that nobody is told that we went away; only its beginning is kept.
fn read(mut input: impl Read) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    input.by_ref().take(MOST).read_to_end(&mut message)?;
    io::copy(&mut input, &mut io::sink())?;
    Ok(message)
}

/// Whatever is in the way here is for the operator to mend, and no reason to lose a report.
pub(super) fn later(reason: impl std::fmt::Display) -> CommandError {
    CommandError::Refused(EX_TEMPFAIL, reason.to_string())
}
