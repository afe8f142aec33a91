//! `[alarms]`

use duly_tracker::alarms::Limits;
use duly_tracker::input::FromText;
use duly_tracker::users::Email;

use super::reader::Reader;
use crate::alarms::{AlarmSettings, AlarmUrl};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<AlarmSettings> {
    let mail_to = reader.list("mail_to", "e-mail addresses", |text| {
        Email::from_text(text)
            .ok()
            .map(|email| email.as_str().to_owned())
    });
    let webhook = url(reader, "webhook_url");
    let ping = url(reader, "ping_url");
    let wait = reader.duration("wait");
    let failures = reader.number("failures", 1, 1_000_000);
    Some(AlarmSettings {
        limits: Limits {
            wait: wait?,
            failures: failures?,
        },
        mail_to: mail_to?,
        webhook: webhook?,
        ping: ping?,
    })
}

/// A URL, which may hold a secret and is never repeated.
fn url(reader: &mut Reader<'_>, key: &str) -> Option<Option<AlarmUrl>> {
    reader.judged(key, |text| match text {
        "" => Ok(None),
        text => match text.parse() {
            Ok(url) => Ok(Some(url)),
            Err(_) => Err("must be empty, or an http:// or https:// URL".to_owned()),
        },
    })
}
