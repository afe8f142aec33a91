//! Planning for many people at once: most of them are due at the same minute of the morning.
//!
//! What [`super::plan`] reads and writes for one person is read and written for all of them by the same few
//! statements, in one transaction. Whoever is out of the ordinary gets a [`PlanReminders`] of their own instead, and so
//! does everybody when something goes wrong, so that nobody holds up others.

mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use duly_db::Tx;
use duly_db::versions::{self, Kind as VersionKind};
use duly_queue::{Attempt, Job, JobError, NewJobs, QueueName};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use self::store::Told;
use super::look::{self, Finding, Seen};
use super::plan::{PlanReminders, entry, tasks_of};
use super::store::{DueTask, Recipient, Schedule};
use super::{quiet, schedule, send, times};
use crate::id::UserId;
use crate::notifications::ledger::{self, Entry};
use crate::{Error, Result, Tracker};

/// How many people one transaction plans for.
pub(super) const CROWD: u32 = 128;

/// Whose tasks of more days than this matter has not been looked at for a while.
const DAYS: i64 = 4;

/// So many tasks of a crowd are held in memory, about a megabyte.
const MOST_TASKS: u32 = 5_000;

/// What is promised today may have been promised no longer ago.
const OLDEST: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Does for many people what [`PlanReminders`] does for one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanManyReminders {
    /// Whose tasks.
    pub users: Vec<UserId>,
    /// The run it is: what their `next_run` was.
    pub slot: Timestamp,
}

impl Job for PlanManyReminders {
    const NAME: &'static str = "plan_many_reminders";
    const QUEUE: QueueName = QueueName::REMINDERS;
    type Context = Tracker;

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> std::result::Result<(), JobError> {
        // A second attempt means that something is wrong with one of them, or with how much it is.
        if attempt.number == 1 {
            match plan(tracker, &self.users, self.slot).await {
                Ok(Outcome::Planned) => return Ok(()),
                Ok(Outcome::Uncertain) => {}
                Err(error @ (Error::Conflict(_) | Error::Unavailable(_))) => {
                    return Err(JobError::retry(error));
                }
                Err(error) => tracing::warn!(%error, "planning for each of them alone"),
            }
        }
        each_alone(tracker, &self.users, self.slot)
            .await
            .map_err(JobError::retry)
    }
}

/// Gives each of them a job of their own.
async fn each_alone(tracker: &Tracker, users: &[UserId], slot: Timestamp) -> Result<()> {
    let mut jobs = NewJobs::default();
    for &user in users {
        let alone = PlanReminders { user, slot };
        tracker.queue.add(&mut jobs, &alone, None)?;
    }
    let mut tx = tracker.db.begin_on_shared_rows();
    tracker.queue.push_all(&mut tx, jobs).await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// What has become of the attempt to plan for all of them.
enum Outcome {
    Planned,
    /// Something had been promised already that should not have been. Nothing was written.
    Uncertain,
}

/// Somebody whose time has come.
struct Person {
    recipient: Recipient,
    schedule: Schedule,
    daily: Option<Date>,
    today: Date,
}

impl Person {
    /// Whether they are like most: nothing about them takes a look at more than a few days.
    fn is_ordinary(&self, slot: Timestamp, now: Timestamp) -> bool {
        let (first, last) = look::days(&self.recipient, slot, now);
        self.recipient.mails_a_day.is_none() && first.saturating_add(DAYS.days()) >= last
    }

    fn may_be_overdue(&self) -> bool {
        let recipient = &self.recipient;
        self.daily.is_some() && recipient.is_mailed() && recipient.overdue_mail
    }
}

async fn plan(tracker: &Tracker, users: &[UserId], slot: Timestamp) -> Result<Outcome> {
    let now = tracker.clock.now();
    let mut tx = tracker.db.begin_on_shared_rows();
    // First the locks, then the settings and tasks that the next run depends on.
    let people = people(&mut tx, users, now).await?;
    let (crowd, others): (Vec<Person>, Vec<Person>) = people
        .into_iter()
        .partition(|person| person.is_ordinary(slot, now));
    let known = Known::read(&mut tx, &crowd, (slot, now)).await?;
    let mut plan = Plan::default();
    for person in others {
        plan.alone(tracker, &person, slot)?;
    }
    for person in &crowd {
        match known.news(person, (slot, now)) {
            Some(news) => plan.promise(tracker, person, &news, now)?,
            None => plan.alone(tracker, person, slot)?,
        }
    }
    let timed = store::times(&mut tx, &plan.planned, known.today()).await?;
    plan.write(tracker, tx, &crowd, timed, now).await
}

/// Locks the schedules, in the order of their ids.
async fn people(tx: &mut Tx, users: &[UserId], now: Timestamp) -> Result<Vec<Person>> {
    let users: BTreeSet<UserId> = users.iter().copied().collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let schedules = store::lock_schedules(tx, &users).await?;
    let mut recipients = store::recipients(tx, &users).await?;
    let people = schedules.into_iter().filter_map(|schedule| {
        let recipient = recipients.remove(&schedule.user)?;
        Some(Person {
            daily: look::daily(&recipient, schedule.last_day, now),
            today: times::local_day(now, &recipient.zone),
            recipient,
            schedule,
        })
    });
    Ok(people.collect())
}

/// What has to be known of a crowd.
struct Known {
    /// Open tasks that matter, by their owner; nothing when there are too many.
    tasks: Option<HashMap<UserId, Vec<DueTask>>>,
    overdue: BTreeSet<UserId>,
    told: Told,
    days: Option<(Date, Date)>,
}

impl Known {
    async fn read(
        tx: &mut Tx,
        crowd: &[Person],
        (slot, now): (Timestamp, Timestamp),
    ) -> Result<Self> {
        let mailed: Vec<&Person> = crowd
            .iter()
            .filter(|person| person.recipient.is_mailed())
            .collect();
        let users: Vec<UserId> = mailed.iter().map(|person| person.recipient.user).collect();
        let days = mailed
            .iter()
            .map(|person| look::days(&person.recipient, slot, now));
        let days = days.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        let tasks = match days {
            None => Some(HashMap::new()),
            Some(days) => store::due(tx, &users, days, MOST_TASKS).await?,
        };
        let mut by_day: BTreeMap<Date, Vec<UserId>> = BTreeMap::new();
        for person in crowd.iter().filter(|person| person.may_be_overdue()) {
            let same_day = by_day.entry(person.today).or_default();
            same_day.push(person.recipient.user);
        }
        let mut overdue = BTreeSet::new();
        for (today, users) in by_day {
            overdue.extend(store::overdue(tx, &users, today).await?);
        }
        let since = now.checked_sub(OLDEST).unwrap_or(Timestamp::UNIX_EPOCH);
        let told = Told::read(tx, &users, since).await?;
        Ok(Known {
            tasks,
            overdue,
            told,
            days,
        })
    }

    /// The last day of the crowd's tasks.
    fn today(&self) -> Option<Date> {
        self.days.map(|(_, last)| last)
    }

    /// What somebody has not been told yet; nothing when that is not for a crowd to say.
    fn news(&self, person: &Person, (slot, now): (Timestamp, Timestamp)) -> Option<Vec<Finding>> {
        let recipient = &person.recipient;
        if !recipient.is_mailed() {
            return Some(Vec::new());
        }
        let (first, last) = look::days(recipient, slot, now);
        let tasks = self.tasks.as_ref()?.get(&recipient.user);
        let tasks = tasks.map_or(&[][..], Vec::as_slice);
        let own: Vec<DueTask> = tasks
            .iter()
            .filter(|task| first <= task.date && task.date <= last)
            .cloned()
            .collect();
        let seen = Seen {
            tasks: &own,
            has_overdue: self.overdue.contains(&recipient.user),
            is_daily: person.daily.is_some(),
        };
        let mut news = look::findings_of(recipient, &seen, slot, now);
        let has_second_thoughts = news
            .iter()
            .any(|finding| self.told.is_cancelled(recipient.user, finding.promise()));
        news.retain(|finding| !self.told.knows(recipient.user, finding.promise()));
        let is_kept = |finding: &Finding| matches!(finding, Finding::Keep(_));
        (!has_second_thoughts && news.iter().all(is_kept)).then_some(news)
    }
}

/// What is to be written.
#[derive(Default)]
struct Plan {
    entries: Vec<Entry>,
    jobs: NewJobs,
    /// Whose next run is to be set.
    planned: Vec<UserId>,
    /// Who will see something new.
    told: Vec<UserId>,
}

impl Plan {
    /// Leaves somebody to a job of their own.
    fn alone(&mut self, tracker: &Tracker, person: &Person, slot: Timestamp) -> Result<()> {
        let user = person.recipient.user;
        let alone = PlanReminders { user, slot };
        Ok(tracker.queue.add(&mut self.jobs, &alone, None)?)
    }

    fn promise(
        &mut self,
        tracker: &Tracker,
        person: &Person,
        news: &[Finding],
        now: Timestamp,
    ) -> Result<()> {
        let user = person.recipient.user;
        let send_at = quiet::over(&person.recipient, now);
        for finding in news {
            let promise = finding.promise();
            let entry = entry(tracker, user, promise, now);
            send::add(
                tracker,
                &mut self.jobs,
                promise.kind,
                (user, entry.id),
                tasks_of(promise, &[]),
                send_at,
            )?;
            self.entries.push(entry);
        }
        self.planned.push(user);
        if !news.is_empty() {
            self.told.push(user);
        }
        Ok(())
    }

    async fn write(
        self,
        tracker: &Tracker,
        mut tx: Tx,
        crowd: &[Person],
        mut timed: HashMap<UserId, Vec<super::store::DueAt>>,
        now: Timestamp,
    ) -> Result<Outcome> {
        if !ledger::queue_all(&mut tx, &self.entries, now).await? {
            return Ok(Outcome::Uncertain);
        }
        tracker.queue.push_all(&mut tx, self.jobs).await?;
        let planned: BTreeSet<UserId> = self.planned.into_iter().collect();
        let mut runs: BTreeMap<(Timestamp, Date), Vec<UserId>> = BTreeMap::new();
        for person in crowd {
            let user = person.recipient.user;
            if planned.contains(&user) {
                let last_day = person.daily.unwrap_or(person.schedule.last_day);
                let timed = timed.remove(&user).unwrap_or_default();
                let next = schedule::next_run_of(&person.recipient, timed, last_day, now);
                runs.entry((next, last_day)).or_default().push(user);
            }
        }
        for (run, users) in runs {
            store::update_schedules(&mut tx, &users, run).await?;
        }
        for user in self.told {
            versions::raise(&mut tx, user.0, VersionKind::Data);
        }
        tx.commit().await?;
        tracker.queue.notify();
        Ok(Outcome::Planned)
    }
}
