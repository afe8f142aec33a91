//! How to reach the mail server, as one URL.

use std::time::Duration;

use super::{EnvelopeSender, Sender};

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte: `smtps://`.
    Implicit,
    /// STARTTLS, without which nothing is sent.
    Required,
    /// STARTTLS when the server offers it. The certificate is not checked: plain text would have
    /// been acceptable, so an unchecked key is no worse.
    Opportunistic,
    /// Plain text.
    None,
}

/// How to log in to the mail server. The `Debug` form does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name there.
    pub user: String,
    /// The password there.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How to reach the mail server and how long to wait for it.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// How to log in, if at all.
    pub credentials: Option<Credentials>,
    /// Whom mails are from.
    pub from: Sender,
    /// Where they go back to; to the sender when it is none.
    pub bounces: Option<EnvelopeSender>,
    /// A certificate (PEM) to trust beside those of the system: a private authority's.
    pub extra_root: Option<String>,
    /// How long to wait for the connection and for each reply: 10 s.
    pub reply_timeout: Duration,
    /// How long one mail may take in all: 30 s.
    pub send_timeout: Duration,
}

/// What is wrong with the URL of a mail server. It never repeats the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not `smtp://` or `smtps://`.
    #[error("must begin with smtp:// or smtps://")]
    Scheme,
    /// Nothing where the server's name should be.
    #[error("names no host")]
    Host,
    /// A path or a fragment.
    #[error("must not have anything but ?tls=… after the host and the port")]
    Trailing,
    /// A port that is none. It is not repeated: behind a ? that was not written as %3F it is the password.
    #[error(
        "has something else than a port from 1 to 65535 behind the host; in a password, ? is written %3F"
    )]
    Port,
    /// `%` without two hexadecimal digits, or not UTF-8.
    #[error("the {0} holds a % that is not followed by two hexadecimal digits of UTF-8 text")]
    Escape(&'static str),
    /// A user without a password or the reverse.
    #[error("the user and the password must stand before the @ as user:password")]
    Credentials,
    /// A parameter other than `tls`.
    #[error("{0:?} is not a parameter of a mail server; the only one is tls")]
    Parameter(String),
    /// A value of `tls` that is none.
    #[error("tls={0:?} is not one of required, opportunistic and none")]
    TlsValue(String),
    /// `smtps://` with a `tls` parameter.
    #[error("smtps:// is always encrypted; tls=… belongs to smtp://")]
    TlsTwice,
}

impl SmtpSettings {
    /// Reads `smtp://user:password@host:port?tls=required|opportunistic|none` or `smtps://…`.
    ///
    /// User and password may hold any character when written as `%40`. The port is 587 (465 for
    /// `smtps`) unless given. `tls` is `required` unless given, or `none` for this machine itself
    /// (`localhost`, `127.0.0.0/8`, `::1`).
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn from_url(url: &str, from: Sender) -> Result<Self, SettingsError> {
        let (implicit, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("smtp") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("smtps") => (true, rest),
            _ => return Err(SettingsError::Scheme),
        };
        let (authority, parameters) = match rest.split_once('?') {
            Some((authority, parameters)) => (authority, Some(parameters)),
            None => (rest, None),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        if place.contains(['/', '#']) {
            return Err(SettingsError::Trailing);
        }
        let (host, port) = read_place(place)?;
        let port = port.unwrap_or(if implicit { 465 } else { 587 });
        let tls = match (implicit, read_parameters(parameters.unwrap_or_default())?) {
            (true, Some(_)) => return Err(SettingsError::TlsTwice),
            (true, None) => Tls::Implicit,
            (false, Some(tls)) => tls,
            (false, None) if is_loopback(&host) => Tls::None,
            (false, None) => Tls::Required,
        };
        Ok(SmtpSettings {
            host,
            port,
            tls,
            credentials: login.map(read_login).transpose()?,
            from,
            bounces: None,
            extra_root: None,
            reply_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
        })
    }
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
fn read_place(place: &str) -> Result<(String, Option<u16>), SettingsError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(SettingsError::Host)?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| SettingsError::Host)?;
            (
                host,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':').ok_or(SettingsError::Host)?)
                },
            )
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() || host.contains(|found: char| found.is_whitespace() || found.is_control()) {
        return Err(SettingsError::Host);
    }
    let port = port.map(|text| match text.parse::<u16>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(SettingsError::Port),
    });
    Ok((host.to_owned(), port.transpose()?))
}

fn read_login(login: &str) -> Result<Credentials, SettingsError> {
    let (user, password) = login.split_once(':').ok_or(SettingsError::Credentials)?;
    if user.is_empty() || password.is_empty() {
        return Err(SettingsError::Credentials);
    }
    Ok(Credentials {
        user: unescape(user, "user")?,
        password: unescape(password, "password")?,
    })
}

fn read_parameters(parameters: &str) -> Result<Option<Tls>, SettingsError> {
    let mut tls = None;
    for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
        tls = Some(match pair.split_once('=').unwrap_or((pair, "")) {
            ("tls", "required") => Tls::Required,
            ("tls", "opportunistic") => Tls::Opportunistic,
            ("tls", "none") => Tls::None,
            ("tls", other) => return Err(SettingsError::TlsValue(other.to_owned())),
            (name, _) => return Err(SettingsError::Parameter(name.to_owned())),
        });
    }
    Ok(tls)
}

/// Undoes percent-encoding (RFC 3986, section 2.1).
fn unescape(text: &str, part: &'static str) -> Result<String, SettingsError> {
    let wrong = || SettingsError::Escape(part);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        rest = after;
        let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
