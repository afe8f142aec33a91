//! A mail as the lines that travel (RFC 5322).

use std::str::FromStr;

use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message, MultiPart};

use super::{Mail, SendError};

/// Whom mails are from, written `Duly <duly@example.org>` or `duly@example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(pub(super) Mailbox);

impl Sender {
    /// Whether the address is one that only this machine knows, so that other mail servers refuse it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0.email.domain() == "localhost"
    }
}

impl FromStr for Sender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a sender like \"Duly <duly@example.org>\"");
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        text.trim().parse().map(Sender).map_err(|_| wrong())
    }
}

/// Where a mail goes back to when it cannot be delivered: the envelope's sender (RFC 5321, section 4.4), an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSender(pub(super) Address);

impl FromStr for EnvelopeSender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("{text:?} is not an address like bounces@duly.example.org");
        text.trim().parse().map(EnvelopeSender).map_err(wrong)
    }
}

/// Builds the message. Whatever a person chose (names, titles, addresses) cannot add a header: line
/// ends and other control characters become spaces before anything is encoded.
pub(super) fn build(from: &Sender, mail: &Mail) -> Result<Message, SendError> {
    let address: Address = mail
        .to_email
        .parse()
        .map_err(|error| SendError::Permanent(format!("{:?}: {error}", mail.to_email)))?;
    let name = head_text(&mail.to_name);
    let mut builder = Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new((!name.is_empty()).then_some(name), address))
        .subject(head_text(&mail.subject))
        .message_id(Some(format!("<{}>", token(&mail.message_id)?)))
        // RFC 3834: out-of-office replies and the like are not sent to mails that say so.
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(url) = &mail.unsubscribe_url {
        builder = builder
            .raw_header(header("List-Unsubscribe", &format!("<{}>", token(url)?)))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ));
    }
    builder
        .header(MIME_VERSION_1_0)
        .multipart(MultiPart::alternative_plain_html(
            body_text(&mail.text),
            body_text(&mail.html),
        ))
        .map_err(|error| SendError::Permanent(error.to_string()))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Text for a body. Lines end in one way only: a CR or LF alone is read differently by different
/// servers, which is how one mail is smuggled into another. NUL may not travel at all.
fn body_text(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "")
}

/// Text for a header: on one line, and cut to 250 characters, because a word of more than 998
/// octets cannot travel (RFC 5322, section 2.1.1).
fn head_text(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(250) {
        Some((end, _)) => line.get(..end).unwrap_or_default().to_owned(),
        None => line,
    }
}

/// Text on one line, without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|found: char| found.is_control() || found.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Text of ours that must be printable ASCII in one word: an id or a link.
fn token(text: &str) -> Result<&str, SendError> {
    let acceptable = !text.is_empty()
        && text.len() <= 900
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    if acceptable {
        Ok(text)
    } else {
        Err(SendError::Permanent(format!(
            "{text:?} cannot stand in the head of a mail"
        )))
    }
}

/// A `Message-ID` for something with a name of its own: `<name>@<host of the page>`.
#[must_use]
pub fn message_id(name: &str, public_url: &str) -> String {
    let place = public_url
        .split_once("://")
        .map_or(public_url, |(_, place)| place);
    let host: String = place
        .chars()
        .take_while(|&found| found.is_ascii_alphanumeric() || found == '-' || found == '.')
        .collect();
    format!(
        "{name}@{}",
        if host.is_empty() {
            "duly.invalid"
        } else {
            &host
        }
    )
}
