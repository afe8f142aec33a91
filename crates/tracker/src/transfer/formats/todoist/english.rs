//! Common English dates, as people type them into Todoist.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

use crate::transfer::formats::dates::{Stamp, read_date};

/// Reads dates like `tomorrow at 5pm`, `Mon 18:00`, `24 Nov` or `November 24th, 2026`, as seen on
/// the given day: a weekday is the next one after it, and a day without a year the next such day.
///
/// Every word has to be understood; `every day` and the like are not.
pub(super) fn read(text: &str, today: Date) -> Option<Stamp> {
    const LONGEST: usize = 60;
    if text.len() > LONGEST {
        return None;
    }
    let lower = text.to_lowercase().replace(',', " ");
    let words: Vec<&str> = lower
        .split_whitespace()
        .filter(|word| !matches!(*word, "at" | "on" | "of" | "the"))
        .collect();
    let mut found = Found::default();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if let Some(half) = words.next_if(|next| matches!(*next, "am" | "pm")) {
            found.time(clock(&format!("{word}{half}"))?)?;
        } else if word == "next" {
            found.date(after_next(words.next()?, today)?)?;
        } else {
            found.word(word, today)?;
        }
    }
    let date = found.resolve(today)?;
    Some(match found.time {
        Some(time) => Stamp::Local(date.to_datetime(time)),
        None => Stamp::Day(date),
    })
}

/// What the words have said so far; saying a thing twice makes no sense.
#[derive(Default)]
struct Found {
    date: Option<Date>,
    time: Option<Time>,
    weekday: Option<Weekday>,
    month: Option<i8>,
    day: Option<i8>,
    year: Option<i16>,
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

impl Found {
    fn word(&mut self, word: &str, today: Date) -> Option<()> {
        if let Some(days) = days_from_today(word) {
            return self.date(today.checked_add(days.days()).ok()?);
        }
        if let Some(date) = read_date(word).filter(|_| word.contains('-')) {
            return self.date(date);
        }
        if let Some(weekday) = weekday(word) {
            return once(&mut self.weekday, weekday);
        }
        if let Some(month) = month(word) {
            return once(&mut self.month, month);
        }
        if let Some(time) = clock(word) {
            return self.time(time);
        }
        let digits = ["st", "nd", "rd", "th"]
            .into_iter()
            .find_map(|ending| word.strip_suffix(ending))
            .unwrap_or(word);
        match (digits.len(), digits.parse::<i16>().ok()?) {
            (1 | 2, day) => once(&mut self.day, i8::try_from(day).ok()?),
            (4, year) => once(&mut self.year, year),
            _ => None,
        }
    }

    fn date(&mut self, date: Date) -> Option<()> {
        once(&mut self.date, date)
    }

    fn time(&mut self, time: Time) -> Option<()> {
        once(&mut self.time, time)
    }

    fn resolve(&self, today: Date) -> Option<Date> {
        match (self.date, self.month, self.day, self.weekday) {
            (Some(date), None, None, None) if self.year.is_none() => Some(date),
            // A weekday beside a date only repeats what the date says.
            (None, Some(month), Some(day), _) => match self.year {
                Some(year) => Date::new(year, month, day).ok(),
                None => (0..=8)
                    .filter_map(|years| Date::new(today.year() + years, month, day).ok())
                    .find(|date| *date >= today),
            },
            (None, None, None, Some(weekday)) if self.year.is_none() => {
                today.nth_weekday(1, weekday).ok()
            }
            // A time alone is today.
            (None, None, None, None) if self.year.is_none() && self.time.is_some() => Some(today),
            _ => None,
        }
    }
}

fn days_from_today(word: &str) -> Option<i32> {
    match word {
        "today" | "tod" => Some(0),
        "tomorrow" | "tom" | "tmr" => Some(1),
        "yesterday" => Some(-1),
        _ => None,
    }
}

/// `next week` is its Monday; `next friday` is the one after this week.
fn after_next(word: &str, today: Date) -> Option<Date> {
    let monday = today.nth_weekday(1, Weekday::Monday).ok()?;
    if word == "week" {
        return Some(monday);
    }
    let weekday = weekday(word)?;
    if weekday == Weekday::Monday {
        Some(monday)
    } else {
        monday.nth_weekday(1, weekday).ok()
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "weds" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn month(word: &str) -> Option<i8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.trim_end_matches('.');
    let is_named = |name: &&str| {
        word == *name
            || word == "sept" && *name == "september"
            || word.len() == 3 && name.starts_with(word)
    };
    let index = NAMES.iter().position(is_named)?;
    i8::try_from(index + 1).ok()
}

/// `18:00`, `6pm`, `6:30pm`, `noon`.
fn clock(word: &str) -> Option<Time> {
    if word == "noon" {
        return Time::new(12, 0, 0, 0).ok();
    }
    let (digits, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (word, None),
    };
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse::<i8>().ok()?),
        None if half.is_some() => (digits, 0),
        _ => return None,
    };
    let hour = hour.parse::<i8>().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    /// A Tuesday.
    const TODAY: Date = date(2026, 11, 24);

    #[test]
    fn days_are_understood() {
        for (text, expected) in [
            ("today", date(2026, 11, 24)),
            ("Tomorrow", date(2026, 11, 25)),
            ("tue", date(2026, 12, 1)),
            ("Friday", date(2026, 11, 27)),
            ("next week", date(2026, 11, 30)),
            ("next friday", date(2026, 12, 4)),
            ("next mon", date(2026, 11, 30)),
            ("24 Nov", date(2026, 11, 24)),
            ("Nov 23", date(2027, 11, 23)),
            ("29 Feb", date(2028, 2, 29)),
            ("November 24th, 2030", date(2030, 11, 24)),
            ("Mon 1 Sept. 2031", date(2031, 9, 1)),
            ("the 3rd of May", date(2027, 5, 3)),
        ] {
            assert_eq!(read(text, TODAY), Some(Stamp::Day(expected)), "{text}");
        }
    }

    #[test]
    fn times_are_understood() {
        let at =
            |day, hour, minute| Some(Stamp::Local(datetime(2026, 11, day, hour, minute, 0, 0)));
        for (text, expected) in [
            ("today 18:00", at(24, 18, 0)),
            ("tomorrow at 5pm", at(25, 17, 0)),
            ("tom 6:30 PM", at(25, 18, 30)),
            ("12am fri", at(27, 0, 0)),
            ("noon", at(24, 12, 0)),
            ("2026-11-30 at 9:15", at(30, 9, 15)),
        ] {
            assert_eq!(read(text, TODAY), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_whole_is_not_understood() {
        for text in [
            "every day",
            "every monday at 9am",
            "in 3 days",
            "24/11",
            "30 Feb",
            "morgen",
            "13pm",
            "25:00",
            "today tomorrow",
            "11",
            "Nov",
            "2026",
            "next",
            "next to",
            "",
            "１8:00",
            "6:7pm",
        ] {
            assert_eq!(read(text, TODAY), None, "{text}");
        }
    }
}
