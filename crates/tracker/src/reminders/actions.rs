//! Links in mails that do something without a log-in.
//!
//! A link carries who, what and until when, signed with the installation's key. Opening it only
//! says what it would do; a POST does it, because mail scanners open every link. Doing it twice
//! changes nothing more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use duly_db::Conn;
use duly_db::versions::{self, Kind as VersionKind};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, ToSpan};
use uuid::Uuid;

use super::letters::written_day;
use super::{store, times};
use crate::activity::{Actor, Way};
use crate::id::{TaskId, UserId};
use crate::tasks::{self, DueDate, Status, TaskChange};
use crate::users::Escalation;
use crate::{Error, Result, Tracker};

/// How long a link to a task works. A link that ends a kind of mail works for ever.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A token is shorter than this; longer ones are not even looked at.
const LONGEST: usize = 256;

/// What is signed begins with this, so that a signature made for something else is worth nothing.
const PURPOSE: &str = "mail action ";

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Completes a task.
    Done {
        /// Which one.
        task: TaskId,
    },
    /// Keeps quiet about a task until a day.
    Snooze {
        /// Which one.
        task: TaskId,
        /// Until when.
        until: SnoozeUntil,
    },
    /// Ends a kind of mail.
    Unsubscribe {
        /// Which kind.
        mail: MailKind,
    },
}

/// Until when a task is snoozed, counted from the day on which the link is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnoozeUntil {
    /// The next day.
    Tomorrow,
    /// The first Monday after today.
    Monday,
}

/// The kinds of mail that can be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Every reminder.
    Reminders,
    /// The daily mail about overdue tasks.
    Overdue,
    /// The mail about a week.
    Digest,
    /// The second mail about a task that is still open.
    Escalations,
}

impl MailKind {
    const ALL: [MailKind; 4] = [
        MailKind::Reminders,
        MailKind::Overdue,
        MailKind::Digest,
        MailKind::Escalations,
    ];

    /// By which a link knows it.
    fn number(self) -> u8 {
        match self {
            MailKind::Reminders => 4,
            MailKind::Overdue => 5,
            MailKind::Digest => 6,
            MailKind::Escalations => 7,
        }
    }

    /// What it is called in sentences and on buttons.
    fn name(self) -> &'static str {
        match self {
            MailKind::Reminders => "reminders of tasks",
            MailKind::Overdue => "mails about overdue tasks",
            MailKind::Digest => "mails about your week",
            MailKind::Escalations => "second mails about tasks that are still open",
        }
    }

    fn is_wanted(self, recipient: &store::Recipient) -> bool {
        match self {
            MailKind::Reminders => recipient.reminders,
            MailKind::Overdue => recipient.overdue_mail,
            MailKind::Digest => recipient.digest.is_on,
            MailKind::Escalations => recipient.escalation != Escalation::Off,
        }
    }
}

/// What a link would do or has done, for the page that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// One sentence with a full stop.
    pub sentence: String,
    /// What the button says; `None` when there is nothing left to do.
    pub button: Option<&'static str>,
}

/// What is signed. Its bytes: a number for the action, the user, the task if there is one, the
/// second at which it expires if it does. Short, because people see links in plain text.
#[derive(Debug)]
struct Claims {
    user: UserId,
    action: Action,
    /// Seconds since 1970.
    expires: Option<i64>,
}

impl Claims {
    fn to_bytes(&self) -> Vec<u8> {
        let (number, task) = match self.action {
            Action::Done { task } => (1, Some(task)),
            Action::Snooze {
                task,
                until: SnoozeUntil::Tomorrow,
            } => (2, Some(task)),
            Action::Snooze {
                task,
                until: SnoozeUntil::Monday,
            } => (3, Some(task)),
            Action::Unsubscribe { mail } => (mail.number(), None),
        };
        let mut bytes = vec![number];
        bytes.extend(self.user.0.as_bytes());
        bytes.extend(task.iter().flat_map(|task| *task.0.as_bytes()));
        bytes.extend(self.expires.iter().flat_map(|second| second.to_be_bytes()));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first()?;
        let (user, rest) = rest.split_first_chunk()?;
        let user = UserId(Uuid::from_bytes(*user));
        let mut kinds = MailKind::ALL.into_iter();
        if let Some(mail) = kinds.find(|mail| mail.number() == *number) {
            let action = Action::Unsubscribe { mail };
            return rest.is_empty().then_some(Claims {
                user,
                action,
                expires: None,
            });
        }
        let (task, rest) = rest.split_first_chunk()?;
        let task = TaskId(Uuid::from_bytes(*task));
        let action = match number {
            1 => Action::Done { task },
            2 => Action::Snooze {
                task,
                until: SnoozeUntil::Tomorrow,
            },
            3 => Action::Snooze {
                task,
                until: SnoozeUntil::Monday,
            },
            _ => return None,
        };
        let expires = i64::from_be_bytes(rest.try_into().ok()?);
        Some(Claims {
            user,
            action,
            expires: Some(expires),
        })
    }
}

/// The link that does something, as it stands in a mail.
pub(super) fn link(tracker: &Tracker, user: UserId, action: Action) -> String {
    let page = match action {
        Action::Done { .. } => "done",
        Action::Snooze { .. } => "snooze",
        Action::Unsubscribe { .. } => "unsubscribe",
    };
    let token = token(tracker, user, action);
    format!("{}/mail/{page}?token={token}", tracker.settings.public_url)
}

/// Signs an action on behalf of a user.
#[must_use]
pub fn token(tracker: &Tracker, user: UserId, action: Action) -> String {
    let expires = match action {
        Action::Done { .. } | Action::Snooze { .. } => {
            let now = tracker.clock.now().as_second();
            Some(now.saturating_add(LIFETIME.as_secs()))
        }
        Action::Unsubscribe { .. } => None,
    };
    let claims = Claims {
        user,
        action,
        expires,
    };
    let payload = URL_SAFE_NO_PAD.encode(claims.to_bytes());
    let signature = tracker
        .signing_key
        .sign(format!("{PURPOSE}{payload}").as_bytes());
    format!("{payload}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn read(tracker: &Tracker, token: &str) -> Result<Claims> {
    let claims = verified(tracker, token).ok_or(Error::LinkExpired)?;
    match claims.expires {
        Some(second) if second <= tracker.clock.now().as_second() => Err(Error::LinkExpired),
        _ => Ok(claims),
    }
}

fn verified(tracker: &Tracker, token: &str) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let (payload, signature) = token.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let signed = format!("{PURPOSE}{payload}");
    if !tracker.signing_key.verify(signed.as_bytes(), &signature) {
        return None;
    }
    Claims::from_bytes(&URL_SAFE_NO_PAD.decode(payload).ok()?)
}

/// Says what a link would do. Changes nothing.
///
/// # Errors
/// [`Error::LinkExpired`] when it was tampered with or is too old; [`Error::NotFound`] when the
/// task or the account is gone.
pub async fn describe(tracker: &Tracker, token: &str) -> Result<Description> {
    let Claims { user, action, .. } = read(tracker, token)?;
    let conn = &mut tracker.db.read_fresh();
    Ok(match action {
        Action::Done { task } => match open_task(conn, user, task).await? {
            (title, true) => offer(format!("Mark “{title}” as done?"), "Mark as done"),
            (title, false) => nothing_left(format!("“{title}” is done already.")),
        },
        Action::Snooze { task, until } => match open_task(conn, user, task).await? {
            (title, true) => {
                let day = written_day(snoozed_until(tracker, conn, user, until).await?);
                offer(format!("Keep quiet about “{title}” until {day}?"), "Snooze")
            }
            (title, false) => nothing_left(format!("“{title}” is done already.")),
        },
        Action::Unsubscribe { mail } => {
            let recipient = store::recipient(conn, user)
                .await?
                .ok_or(Error::NotFound("account"))?;
            let button = match mail {
                MailKind::Reminders => "No more reminders",
                MailKind::Overdue => "No more overdue mails",
                MailKind::Digest => "No more weekly mails",
                MailKind::Escalations => "No more second mails",
            };
            match mail.is_wanted(&recipient) {
                true => offer(format!("Send you no more {}?", mail.name()), button),
                false => nothing_left(ended(mail)),
            }
        }
    })
}

/// Does what a link says, and tells what was done. A second time changes nothing more.
///
/// # Errors
/// As [`describe`], and whatever changing the task says.
pub async fn perform(tracker: &Tracker, token: &str) -> Result<Description> {
    let Claims { user, action, .. } = read(tracker, token)?;
    let by = Actor::new(user, Way::MailLink);
    match action {
        Action::Done { task } => {
            let change = TaskChange {
                status: Some(Status::Completed),
                ..TaskChange::default()
            };
            let task = tasks::change(tracker, &by, task, change, None).await?;
            Ok(nothing_left(format!("“{}” is done.", task.title)))
        }
        Action::Snooze { task, until } => {
            let conn = &mut tracker.db.read_fresh();
            let (title, open) = open_task(conn, user, task).await?;
            if !open {
                return Ok(nothing_left(format!("“{title}” is done already.")));
            }
            let day = snoozed_until(tracker, conn, user, until).await?;
            let change = TaskChange {
                snoozed_until: Some(Some(DueDate(day))),
                ..TaskChange::default()
            };
            tasks::change(tracker, &by, task, change, None).await?;
            let day = written_day(day);
            Ok(nothing_left(format!("“{title}” is snoozed until {day}.")))
        }
        Action::Unsubscribe { mail } => {
            let mut tx = tracker.db.begin();
            if store::opt_out(&mut tx, user, mail, tracker.clock.now()).await? {
                versions::raise(&mut tx, user.0, VersionKind::Data);
                tx.commit().await?;
            }
            Ok(nothing_left(ended(mail)))
        }
    }
}

fn offer(sentence: String, button: &'static str) -> Description {
    Description {
        sentence,
        button: Some(button),
    }
}

fn nothing_left(sentence: String) -> Description {
    Description {
        sentence,
        button: None,
    }
}

fn ended(mail: MailKind) -> String {
    let what = mail.name();
    format!("You get no more {what}. You can switch them on again in the settings.")
}

/// A task's title and whether it is open.
async fn open_task(conn: &mut Conn, user: UserId, task: TaskId) -> Result<(String, bool)> {
    let (task, open) = store::task(conn, user, task)
        .await?
        .ok_or(Error::NotFound("task"))?;
    Ok((task.title, open))
}

async fn snoozed_until(
    tracker: &Tracker,
    conn: &mut Conn,
    user: UserId,
    until: SnoozeUntil,
) -> Result<Date> {
    let recipient = store::recipient(conn, user)
        .await?
        .ok_or(Error::NotFound("account"))?;
    let today = times::local_day(tracker.clock.now(), &recipient.zone);
    Ok(match until {
        SnoozeUntil::Tomorrow => today.saturating_add(1.day()),
        SnoozeUntil::Monday => today
            .nth_weekday(1, Weekday::Monday)
            .unwrap_or(tasks::LATEST_DUE_DATE),
    }
    .min(tasks::LATEST_DUE_DATE))
}
