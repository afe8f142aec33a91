//! The mail about a week: what was done, what is open and overdue, what comes, and what may slip.

mod figures;
mod forecast;

use duly_db::Conn;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use self::figures::Week;
use self::forecast::{Forecast, Pace};
use super::actions::{Action, MailKind, link};
use super::letters::{NamedTask, Verdict, mail, unwanted, written_day};
use super::store::Recipient;
use super::times;
use crate::mail::Template;
use crate::notifications::ledger::Entry;
use crate::{Result, Tracker};

const WEEK: Template = Template {
    subject: "{{ heading }}",
    text: include_str!("week.txt.j2"),
    html: include_str!("week.html.j2"),
};

/// How many tasks each part names.
const NAMED: usize = 20;

#[derive(Serialize)]
struct Letter {
    heading: String,
    figures: String,
    completed: Vec<String>,
    completed_more: u32,
    due: Vec<NamedTask>,
    due_more: usize,
    forecast: Option<Slipping>,
    page_url: String,
    unsubscribe_url: String,
}

#[derive(Serialize)]
struct Slipping {
    sentence: String,
    titles: Vec<String>,
}

/// Writes the mail, if it is still wanted and there is anything to tell.
pub(super) async fn compose(
    tracker: &Tracker,
    conn: &mut Conn,
    recipient: &Recipient,
    entry: &Entry,
    now: Timestamp,
) -> Result<Verdict> {
    if !recipient.digest.is_on {
        return unwanted("the weekly mail was switched off");
    }
    let today = times::local_day(now, &recipient.zone);
    if entry.promise.slot != times::monday_of(today).to_string() {
        return unwanted("too late: the week is over");
    }
    let week = figures::week(conn, recipient.user, today, now).await?;
    if week.is_empty() {
        return unwanted("there is nothing to tell");
    }
    let forecast = slipping(&week, recipient, now);
    let letter = letter(tracker, recipient, week, forecast, written_day(today));
    let unsubscribe = letter.unsubscribe_url.clone();
    mail(&WEEK, &letter, recipient, entry, unsubscribe)
}

fn letter(
    tracker: &Tracker,
    recipient: &Recipient,
    week: Week,
    forecast: Option<Slipping>,
    today: String,
) -> Letter {
    let named = u32::try_from(week.titles.len()).unwrap_or(u32::MAX);
    let due_more = week.due.len().saturating_sub(NAMED);
    let figures = format!(
        "In the last seven days you completed {}. {} open, {} overdue, {} due in the next seven days.",
        tasks(week.completed),
        week.open,
        week.overdue,
        week.due.len(),
    );
    let due = week.due.into_iter().take(NAMED);
    Letter {
        heading: format!("Your week: {} done, {} open", week.completed, week.open),
        figures: format!("{today}. {figures}"),
        completed: week.titles,
        completed_more: week.completed.saturating_sub(named),
        due: due
            .map(|task| NamedTask::new(tracker, recipient, task))
            .collect(),
        due_more,
        forecast,
        page_url: tracker.settings.public_url.clone(),
        unsubscribe_url: link(
            tracker,
            recipient.user,
            Action::Unsubscribe {
                mail: MailKind::Digest,
            },
        ),
    }
}

fn tasks(number: u32) -> String {
    match number {
        1 => "1 task".to_owned(),
        more => format!("{more} tasks"),
    }
}

/// Which tasks of the next seven days may not be done in time, if somebody goes on as in the last weeks.
fn slipping(week: &Week, recipient: &Recipient, now: Timestamp) -> Option<Slipping> {
    let known_days = now.duration_since(recipient.created_at).as_hours() / 24;
    let pace = Pace::of(week.completed_28_days, known_days)?;
    let Forecast { slipping, waiting } = forecast::forecast(pace, week.overdue, &week.due);
    if slipping.is_empty() {
        return None;
    }
    let last = times::local_day(now, &recipient.zone).saturating_add(6.days());
    Some(Slipping {
        sentence: format!(
            "You complete about {pace} a week, and {waiting} wait until {}.",
            written_day(last)
        ),
        titles: slipping
            .iter()
            .take(NAMED)
            .map(|task| task.title.clone())
            .collect(),
    })
}
