//! The URL of a mail server.

use duly_tracker::mail::{Sender, SettingsError, SmtpSettings, Tls};

fn read(url: &str) -> Result<SmtpSettings, SettingsError> {
    SmtpSettings::from_url(url, "duly@example.org".parse().unwrap())
}

#[test]
fn what_is_understood() {
    for (url, host, port, tls) in [
        (
            "smtp://mail.example.org",
            "mail.example.org",
            587,
            Tls::Required,
        ),
        (
            "SMTP://mail.example.org/",
            "mail.example.org",
            587,
            Tls::Required,
        ),
        (
            "smtp://mail.example.org:25?tls=opportunistic",
            "mail.example.org",
            25,
            Tls::Opportunistic,
        ),
        (
            "smtp://mail.example.org?tls=none",
            "mail.example.org",
            587,
            Tls::None,
        ),
        (
            "smtps://mail.example.org",
            "mail.example.org",
            465,
            Tls::Implicit,
        ),
        ("smtp://localhost:1025", "localhost", 1025, Tls::None),
        (
            "smtp://127.0.0.1:1025?tls=required",
            "127.0.0.1",
            1025,
            Tls::Required,
        ),
        ("smtp://[::1]:1025", "::1", 1025, Tls::None),
        ("smtp://[2001:db8::1]", "2001:db8::1", 587, Tls::Required),
        ("smtp://10.0.0.1:25", "10.0.0.1", 25, Tls::Required),
    ] {
        let settings = read(url).unwrap();
        assert_eq!(
            (&*settings.host, settings.port, settings.tls),
            (host, port, tls),
            "{url}"
        );
        assert_eq!(settings.credentials, None);
    }
}

#[test]
fn log_in() {
    for (url, user, password) in [
        ("smtp://ann:secret@mail.example.org", "ann", "secret"),
        (
            "smtp://ann%40example.org:p%3Aw%25@mail.example.org",
            "ann@example.org",
            "p:w%",
        ),
        (
            "smtp://ann@example.org:se:cret@mail.example.org",
            "ann@example.org",
            "se:cret",
        ),
        ("smtps://ann:a/b#c@mail.example.org", "ann", "a/b#c"),
    ] {
        let credentials = read(url).unwrap().credentials.unwrap();
        assert_eq!(
            (&*credentials.user, &*credentials.password),
            (user, password),
            "{url}"
        );
    }
}

#[test]
fn what_is_refused_and_why() {
    let wrong = |url: &str| read(url).unwrap_err();
    for url in [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtp:mail.example.org",
    ] {
        assert_eq!(wrong(url), SettingsError::Scheme, "{url}");
    }
    for url in [
        "smtp://",
        "smtp://:25",
        "smtp://[::1",
        "smtp://[x]",
        "smtp://a b",
        "smtp://[::1]25",
    ] {
        assert_eq!(wrong(url), SettingsError::Host, "{url}");
    }
    for port in ["0", "65536", "-1", "x", ""] {
        let url = format!("smtp://mail.example.org:{port}");
        assert_eq!(wrong(&url), SettingsError::Port);
    }
    assert_eq!(
        wrong("smtp://mail.example.org/inbox"),
        SettingsError::Trailing
    );
    for url in [
        "smtp://ann@mail.example.org",
        "smtp://ann:@h",
        "smtp://:secret@h",
    ] {
        assert_eq!(wrong(url), SettingsError::Credentials, "{url}");
    }
    for (url, part) in [
        ("smtp://a%4:b@h", "user"),
        ("smtp://a:b%zz@h", "password"),
        ("smtp://a:b%ff@h", "password"),
        ("smtp://a:b%+1@h", "password"),
    ] {
        assert_eq!(wrong(url), SettingsError::Escape(part), "{url}");
    }
    assert_eq!(
        wrong("smtp://h?tls=yes"),
        SettingsError::TlsValue("yes".into())
    );
    assert_eq!(
        wrong("smtp://h?tls"),
        SettingsError::TlsValue(String::new())
    );
    assert_eq!(
        wrong("smtp://h?starttls=1"),
        SettingsError::Parameter("starttls".into())
    );
    assert_eq!(wrong("smtps://h?tls=required"), SettingsError::TlsTwice);
}

#[test]
fn no_message_repeats_the_password() {
    for url in [
        "smtp://ann:hunter2%@h",
        "smtp://ann:hunter2@",
        "smtp://ann:hunter2@h:x",
        "smtp://ann:hunter2@h?tls=x",
        "ann:hunter2@h",
    ] {
        let error = read(url).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{url}: {error}"
        );
    }
}

#[test]
fn senders() {
    for good in [
        "duly@example.org",
        "Duly <duly@example.org>",
        "Duly <duly@localhost>",
        "Dülý — Tasks <duly@example.org>",
    ] {
        good.parse::<Sender>().unwrap();
    }
    for bad in [
        "",
        "duly",
        "Duly <duly@>",
        "a@b.org, c@d.org",
        "Duly\r\nBcc: x@y.org <a@b.org>",
    ] {
        assert!(bad.parse::<Sender>().is_err(), "{bad:?}");
    }
}
