//! The mail about an alarm. It is not a job: whoever runs those may be dead.

use jiff::Timestamp;
use serde::Serialize;

use super::{Telling, Word};
use crate::mail::{Mail, Template, message_id, render};
use crate::{Result, Tracker};

const ALARM: Template = Template {
    subject: "[Duly] {{ word }}: {{ name }}",
    text: include_str!("alarm.txt.j2"),
    html: include_str!("alarm.html.j2"),
};

#[derive(Serialize)]
struct Letter<'a> {
    word: String,
    name: &'a str,
    sentence: String,
    since: Timestamp,
    page_url: String,
}

/// Writes to one address.
///
/// # Errors
/// [`crate::Error::Internal`] when the mail cannot be written.
pub fn mail(tracker: &Tracker, to: &str, telling: &Telling) -> Result<Mail> {
    let public_url = &tracker.settings.public_url;
    let alarm = &telling.alarm;
    let letter = Letter {
        word: telling.word.to_string(),
        name: &alarm.name,
        sentence: match telling.word {
            Word::Over => format!("It is over: {}", alarm.detail),
            Word::Raised | Word::Lasting => alarm.detail.clone(),
        },
        since: alarm.since,
        page_url: format!("{public_url}/admin/queues"),
    };
    let rendered = render(&ALARM, &letter)?;
    let now = tracker.clock.now().as_second();
    let id = format!(
        "alarm-{}-{}-{now}",
        alarm.name.replace(':', "-"),
        letter.word
    );
    Ok(Mail {
        to_name: String::new(),
        to_email: to.to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: message_id(&id, public_url),
        unsubscribe_url: None,
    })
}
