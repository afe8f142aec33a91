//! A mail to see whether mail works.

use duly_db::random::new_id;

use super::{Mail, SendError, Template, message_id, render};
use crate::Tracker;

const TEMPLATE: Template = Template {
    subject: "Duly can send mail",
    text: include_str!("test_mail.txt.j2"),
    html: include_str!("test_mail.html.j2"),
};

#[derive(serde::Serialize)]
struct Place<'a> {
    public_url: &'a str,
}

/// Sends a test mail at once, past the queue, so that the operator sees what the server says.
///
/// # Errors
/// See [`SendError`].
pub async fn test_mail(tracker: &Tracker, to: &str) -> Result<(), SendError> {
    let place = Place {
        public_url: &tracker.settings.public_url,
    };
    let rendered =
        render(&TEMPLATE, place).map_err(|error| SendError::Permanent(error.to_string()))?;
    let id = new_id(&*tracker.random, tracker.clock.now());
    let mail = Mail {
        to_name: String::new(),
        to_email: to.to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: message_id(&format!("test-{id}"), &tracker.settings.public_url),
        unsubscribe_url: None,
    };
    tracker.mailer.send(&mail).await
}
