//! What reminders say, and whether they still have to be said.

use duly_db::Conn;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::actions::{Action, MailKind, SnoozeUntil, link};
use super::look::timed_slot;
use super::store::{self, DueTask, Recipient};
use super::{digest, times};
use crate::mail::{Mail, Template, render};
use crate::notifications::Kind;
use crate::notifications::ledger::{self, Entry};
use crate::tasks::write_hour_and_minute;
use crate::{Result, Tracker};

const TASK: Template = Template {
    subject: "{{ heading }}: {{ short_title }}",
    text: include_str!("mail/task.txt.j2"),
    html: include_str!("mail/task.html.j2"),
};

const OVERDUE: Template = Template {
    subject: "{{ heading }}",
    text: include_str!("mail/overdue.txt.j2"),
    html: include_str!("mail/overdue.html.j2"),
};

const DAY: Template = Template {
    subject: "{{ heading }}",
    text: include_str!("mail/day.txt.j2"),
    html: include_str!("mail/day.html.j2"),
};

/// How many tasks the overdue mail names.
const NAMED: u32 = 20;

/// How much of a title stands in a subject, in characters.
const SHORT: usize = 80;

/// Whether a promise still has to be kept.
pub(super) enum Verdict {
    /// Nobody wants it any more, and why.
    Unwanted(String),
    /// It is to be sent.
    Wanted(Box<Mail>),
}

pub(super) fn unwanted(reason: impl Into<String>) -> Result<Verdict> {
    Ok(Verdict::Unwanted(reason.into()))
}

/// Looks at the newest state of settings and tasks and writes the mail, if it is still wanted.
pub(super) async fn compose(
    tracker: &Tracker,
    conn: &mut Conn,
    recipient: &Recipient,
    entry: &Entry,
    now: Timestamp,
) -> Result<Verdict> {
    if !recipient.reminders {
        return unwanted("reminders were switched off");
    }
    if recipient.is_stopped {
        return unwanted("mails to this address came back");
    }
    let today = times::local_day(now, &recipient.zone);
    match entry.promise.kind {
        Kind::Due | Kind::DueTime | Kind::Escalated => {
            let found = store::task(conn, recipient.user, entry.promise.task).await?;
            about_task(tracker, recipient, entry, found, now)
        }
        Kind::Overdue => about_overdue(tracker, conn, recipient, entry, today).await,
        Kind::Collected => about_day(tracker, conn, recipient, entry, today).await,
        Kind::Digest => digest::compose(tracker, conn, recipient, entry, now).await,
    }
}

#[derive(Serialize)]
struct TaskLetter {
    name: String,
    heading: &'static str,
    title: String,
    short_title: String,
    due: String,
    done_url: String,
    tomorrow_url: String,
    monday_url: String,
    page_url: String,
    unsubscribe_url: String,
    unsubscribe: &'static str,
}

/// The task, if it still has to be told of; why not, if not.
fn still_wanted(
    recipient: &Recipient,
    entry: &Entry,
    found: Option<(DueTask, bool)>,
    today: Date,
) -> std::result::Result<DueTask, &'static str> {
    let task = match found {
        None => return Err("the task was deleted"),
        Some((_, false)) => return Err("the task was completed"),
        Some((task, true)) => task,
    };
    let is_escalated = entry.promise.kind == Kind::Escalated;
    let slot = match entry.promise.kind {
        Kind::DueTime | Kind::Escalated => timed_slot(&task),
        _ => Some(task.date.to_string()),
    };
    if slot.as_ref() != Some(&entry.promise.slot) {
        return Err("the due date was changed");
    }
    if task.is_snoozed(today) {
        return Err("the task was snoozed");
    }
    if is_escalated && (task.muted || !recipient.escalation.is_wanted(task.priority)) {
        return Err("a second mail about it was switched off");
    }
    // The overdue mail tells of what was due on another day, but for what was due just before midnight.
    let latest = match is_escalated {
        true => today.yesterday().unwrap_or(today),
        false => today,
    };
    match task.date < latest {
        true => Err("too late: the due date has passed"),
        false => Ok(task),
    }
}

fn about_task(
    tracker: &Tracker,
    recipient: &Recipient,
    entry: &Entry,
    found: Option<(DueTask, bool)>,
    now: Timestamp,
) -> Result<Verdict> {
    let today = times::local_day(now, &recipient.zone);
    let task = match still_wanted(recipient, entry, found, today) {
        Ok(task) => task,
        Err(reason) => return unwanted(reason),
    };
    let is_tomorrow = today.tomorrow().is_ok_and(|tomorrow| tomorrow == task.date);
    let heading = match (entry.promise.kind, is_tomorrow) {
        (Kind::Escalated, _) => "Still open",
        (Kind::DueTime, _) => "Due now",
        (_, true) => "Due tomorrow",
        (_, false) => "Due today",
    };
    let (mail_kind, unsubscribe) = match entry.promise.kind {
        Kind::Escalated => (
            MailKind::Escalations,
            "No more second mails about open tasks",
        ),
        _ => (MailKind::Reminders, "No more reminders"),
    };
    let to = |action| link(tracker, recipient.user, action);
    let letter = TaskLetter {
        name: recipient.name.clone(),
        heading,
        due: when(&task),
        short_title: shortened(&task.title),
        done_url: to(Action::Done { task: task.id }),
        tomorrow_url: to(Action::Snooze {
            task: task.id,
            until: SnoozeUntil::Tomorrow,
        }),
        monday_url: to(Action::Snooze {
            task: task.id,
            until: SnoozeUntil::Monday,
        }),
        page_url: tracker.settings.public_url.clone(),
        unsubscribe_url: to(Action::Unsubscribe { mail: mail_kind }),
        unsubscribe,
        title: task.title,
    };
    let unsubscribe = letter.unsubscribe_url.clone();
    mail(&TASK, &letter, recipient, entry, unsubscribe)
}

#[derive(Serialize)]
struct OverdueLetter {
    name: String,
    heading: String,
    tasks: Vec<NamedTask>,
    more: i64,
    page_url: String,
    unsubscribe_url: String,
}

/// A task as mails about several name it.
#[derive(Serialize)]
pub(super) struct NamedTask {
    title: String,
    due: String,
    done_url: String,
    tomorrow_url: String,
}

impl NamedTask {
    pub(super) fn new(tracker: &Tracker, recipient: &Recipient, task: DueTask) -> Self {
        let to = |action| link(tracker, recipient.user, action);
        NamedTask {
            due: when(&task),
            done_url: to(Action::Done { task: task.id }),
            tomorrow_url: to(Action::Snooze {
                task: task.id,
                until: SnoozeUntil::Tomorrow,
            }),
            title: task.title,
        }
    }
}

async fn about_overdue(
    tracker: &Tracker,
    conn: &mut Conn,
    recipient: &Recipient,
    entry: &Entry,
    today: Date,
) -> Result<Verdict> {
    if !recipient.overdue_mail {
        return unwanted("the overdue mail was switched off");
    }
    let slot = &entry.promise.slot;
    if *slot != today.to_string()
        && ledger::has_later(conn, recipient.user, Kind::Overdue, slot).await?
    {
        return unwanted("replaced by the overdue mail of a later day");
    }
    let overdue = store::overdue(conn, recipient.user, today, NAMED).await?;
    if overdue.is_empty() {
        return unwanted("nothing is overdue any more");
    }
    let count = store::count_overdue(conn, recipient.user, today).await?;
    let to = |action| link(tracker, recipient.user, action);
    let tasks = overdue
        .into_iter()
        .map(|task| NamedTask::new(tracker, recipient, task));
    let letter = OverdueLetter {
        name: recipient.name.clone(),
        heading: match count {
            1 => "1 task is overdue".to_owned(),
            more => format!("{more} tasks are overdue"),
        },
        more: count.saturating_sub(i64::from(NAMED)).max(0),
        tasks: tasks.collect(),
        page_url: tracker.settings.public_url.clone(),
        unsubscribe_url: to(Action::Unsubscribe {
            mail: MailKind::Overdue,
        }),
    };
    let unsubscribe = letter.unsubscribe_url.clone();
    mail(&OVERDUE, &letter, recipient, entry, unsubscribe)
}

#[derive(Serialize)]
struct DayLetter {
    heading: String,
    overdue: Vec<NamedTask>,
    due: Vec<NamedTask>,
    more: usize,
    page_url: String,
    unsubscribe_url: String,
}

/// All that is due and overdue in one mail, for who wants no more of them that day.
async fn about_day(
    tracker: &Tracker,
    conn: &mut Conn,
    recipient: &Recipient,
    entry: &Entry,
    today: Date,
) -> Result<Verdict> {
    let (user, slot) = (recipient.user, &entry.promise.slot);
    if *slot != today.to_string() && ledger::has_later(conn, user, Kind::Collected, slot).await? {
        return unwanted("replaced by the mail of a later day");
    }
    let tomorrow = today.tomorrow().unwrap_or(today);
    let mut due = store::due_between(conn, user, today, tomorrow).await?;
    due.retain(|task| !task.is_snoozed(today));
    let overdue = match recipient.overdue_mail {
        true => store::overdue(conn, user, today, NAMED).await?,
        false => Vec::new(),
    };
    if due.is_empty() && overdue.is_empty() {
        return unwanted("nothing is due any more");
    }
    let count = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let parts = [count(due.len(), "due"), count(overdue.len(), "overdue")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let more = due
        .len()
        .saturating_sub(usize::try_from(NAMED).unwrap_or(usize::MAX));
    due.truncate(due.len() - more);
    let named = |tasks: Vec<DueTask>| -> Vec<NamedTask> {
        let named = tasks.into_iter();
        named
            .map(|task| NamedTask::new(tracker, recipient, task))
            .collect()
    };
    let action = Action::Unsubscribe {
        mail: MailKind::Reminders,
    };
    let letter = DayLetter {
        heading: format!("Your tasks: {}", parts.join(", ")),
        overdue: named(overdue),
        due: named(due),
        more,
        page_url: tracker.settings.public_url.clone(),
        unsubscribe_url: link(tracker, user, action),
    };
    let unsubscribe = letter.unsubscribe_url.clone();
    mail(&DAY, &letter, recipient, entry, unsubscribe)
}

pub(super) fn mail(
    template: &Template,
    letter: &impl Serialize,
    recipient: &Recipient,
    entry: &Entry,
    unsubscribe_url: String,
) -> Result<Verdict> {
    let rendered = render(template, letter)?;
    Ok(Verdict::Wanted(Box::new(Mail {
        to_name: recipient.name.clone(),
        to_email: recipient.email.clone(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: entry.message_id.clone(),
        unsubscribe_url: Some(unsubscribe_url),
    })))
}

/// `Tuesday 24 November 2026` or `Tuesday 24 November 2026, 18:00`.
fn when(task: &DueTask) -> String {
    let day = written_day(task.date);
    match task.time {
        Some(time) => format!("{day}, {}", write_hour_and_minute(time)),
        None => day,
    }
}

/// `Tuesday 24 November 2026`.
pub(super) fn written_day(day: Date) -> String {
    day.strftime("%A %-d %B %Y").to_string()
}

fn shortened(title: &str) -> String {
    if title.chars().count() <= SHORT {
        return title.to_owned();
    }
    let mut short: String = title.chars().take(SHORT - 1).collect();
    short.push('…');
    short
}
