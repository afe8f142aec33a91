//! What is accepted as an address, a name, a zone …

use duly_tracker::input::FromText;
use duly_tracker::users::{Email, Locale, PersonName, ReminderTime, TimeZoneName};

use crate::text;

fn code<T: FromText>(given: &str) -> &'static str {
    T::from_text(given).map_or_else(|wrong| wrong.code, |_| "accepted")
}

#[test]
fn addresses_that_reach_somebody_are_accepted() {
    let longest = format!("{}@{}.example", "l".repeat(64), "d".repeat(63));
    for given in [
        "ada@example.org",
        "a.b+c_d-e!#$%&'*/=?^`{|}~@sub.example.co",
        "admin@localhost",
        "用户@例子.公司",
        "jos\u{e9}@example.org",
        "देव@उदाहरण.भारत",
        "😀@example.org",
        &longest,
    ] {
        assert_eq!(code::<Email>(given), "accepted", "{given}");
    }
    assert_eq!(
        text::<Email>(" ada@example.org\n").as_str(),
        "ada@example.org"
    );
}

#[test]
fn what_is_no_address_is_refused() {
    let long_local = format!("{}@example.org", "l".repeat(65));
    let long_label = format!("a@{}.org", "d".repeat(64));
    for given in [
        "ada",
        "@example.org",
        "ada@",
        "ada@@example.org",
        "ada@b@example.org",
        "a b@example.org",
        "ada@exa mple.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..b@example.org",
        "ada@.example.org",
        "ada@example..org",
        "ada@example.org.",
        "ada@-example.org",
        "ada@exam_ple.org",
        "ada@[127.0.0.1]",
        "\"ada\"@example.org",
        "Ada <ada@example.org>",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada\u{0}@example.org",
        "ada\u{200b}@example.org",
        "ada\u{202e}@example.org",
        "ada@exam\u{ad}ple.org",
        "ada@example.org,eve@example.org",
        &long_local,
        &long_label,
    ] {
        assert_eq!(code::<Email>(given), "invalid", "{given:?}");
    }
    assert_eq!(code::<Email>("  "), "required");
    assert_eq!(
        code::<Email>(&format!("a@{}", "d.".repeat(200))),
        "too_long"
    );
}

#[test]
fn addresses_that_mean_the_same_fold_to_the_same() {
    let folded = |given: &str| text::<Email>(given).folded();
    assert_eq!(folded("Ada@Example.ORG"), "ada@example.org");
    assert_eq!(
        folded("jose\u{301}@example.org"),
        folded("JOS\u{c9}@example.org")
    );
    assert_eq!(folded("ada@\u{ff45}xample\u{3002}org"), "ada@example.org");
    assert_ne!(folded("ada@example.org"), folded("a.da@example.org"));
    assert_eq!(text::<Email>("Ada@Example.ORG").as_str(), "Ada@example.org");
}

#[test]
fn names_of_all_people_are_accepted() {
    for given in [
        "X",
        "Ada Lovelace",
        "李小龍",
        "Zoë",
        "ناصر",
        "O’Brien-Ñandú",
        "👩‍🚀",
        "R2-D2",
    ] {
        assert_eq!(code::<PersonName>(given), "accepted", "{given}");
    }
    assert_eq!(text::<PersonName>(" Jose\u{301} ").as_str(), "Jos\u{e9}");
    assert_eq!(code::<PersonName>(&"n".repeat(100)), "accepted");
    assert_eq!(code::<PersonName>(&"n".repeat(101)), "too_long");
    assert_eq!(
        code::<PersonName>(&format!("n{}", "\u{301}".repeat(10_000))),
        "too_long"
    );
    assert_eq!(code::<PersonName>("   "), "too_short");
    for given in [
        "a\u{0}b",
        "a\r\nBcc: eve",
        "a\tb",
        "\u{1b}[31mred",
        "a\u{85}b",
    ] {
        assert_eq!(code::<PersonName>(given), "invalid_character", "{given:?}");
    }
}

#[test]
fn zones_are_those_of_the_database() {
    for given in [
        "Europe/Berlin",
        "UTC",
        "Etc/GMT+12",
        "US/Pacific",
        "Asia/Kathmandu",
    ] {
        assert_eq!(text::<TimeZoneName>(given).as_str(), given);
        assert!(
            text::<TimeZoneName>(given).zone().iana_name().is_some(),
            "{given}"
        );
    }
    assert_eq!(
        text::<TimeZoneName>("europe/berlin").as_str(),
        "Europe/Berlin"
    );
    for given in [
        "",
        "Berlin",
        "Europe/Atlantis",
        "CET-1CEST",
        "+01:00",
        "Etc/Unknown",
        "posixrules",
        "localtime",
        "Local",
        "../Europe/Berlin",
        "Europe/Berlin\0",
    ] {
        assert_eq!(
            code::<TimeZoneName>(given),
            "unknown_time_zone",
            "{given:?}"
        );
    }
}

#[test]
fn reminder_times_are_of_one_form() {
    for given in ["00:00", "09:00", "23:59"] {
        assert_eq!(text::<ReminderTime>(given).to_string(), given);
    }
    for given in [
        "", "9:00", "09:60", "24:00", "09:00:00", "-1:00", "0９:00", "+9:00", "noon",
    ] {
        assert_eq!(code::<ReminderTime>(given), "invalid", "{given:?}");
    }
}

#[test]
fn locales_are_language_tags() {
    for given in ["en", "de", "pt-BR", "zh-Hant-TW", "fil"] {
        assert_eq!(text::<Locale>(given).as_str(), given);
    }
    for given in [
        "",
        "e",
        "EN",
        "english",
        "en_US",
        "en-",
        "en-<script>",
        "de-1",
    ] {
        assert_eq!(code::<Locale>(given), "invalid", "{given:?}");
    }
}
