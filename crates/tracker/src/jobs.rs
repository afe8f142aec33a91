//! Everything that runs later or on a schedule, in two readable lists.

use std::time::Duration;

use duly_queue::{Attempt, Cadence, CatchUp, Job, JobError, Queue, QueueName, Registry, Schedules};
use jiff::civil::time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::idempotency::ForgetIdempotencyKeys;
use crate::reminders::{
    self, PlanManyReminders, PlanReminders, SendDigest, SendEscalation, SendOverdue, SendReminder,
};
use crate::statistics::RecountStatistics;
use crate::tasks::PurgeTrash;
use crate::tokens::{self, SendTokenExpiry};
use crate::users::{
    self, SendEmailChanged, SendEmailConfirmation, SendPasswordChanged, SendPasswordReset,
};
use crate::{Error, Tracker, assets, mail, partitions, sessions};

/// Every kind of job that this release can run.
#[must_use]
pub fn registry() -> Registry<Tracker> {
    Registry::new()
        .with::<DispatchReminders>()
        .with::<ReconcileReminders>()
        .with::<PlanReminders>()
        .with::<PlanManyReminders>()
        .with::<SendReminder>()
        .with::<SendOverdue>()
        .with::<SendEscalation>()
        .with::<SendDigest>()
        .with::<SendEmailConfirmation>()
        .with::<SendEmailChanged>()
        .with::<SendPasswordChanged>()
        .with::<SendPasswordReset>()
        .with::<TellOfTokenEnds>()
        .with::<SendTokenExpiry>()
        .with::<PurgeTrash>()
        .with::<PurgeSessions>()
        .with::<PurgeAssets>()
        .with::<ForgetSentMails>()
        .with::<RecountStatistics>()
        .with::<LookAfterPartitions>()
        .with::<RollUpJobMeasures>()
        .with::<ForgetIdempotencyKeys>()
}

/// What comes back at certain times, on one node whichever leads.
#[must_use]
pub fn schedules(queue: &Queue) -> Schedules {
    let every = |seconds| Cadence::Every(Duration::from_secs(seconds));
    let daily = |hour, minute| Cadence::Daily {
        at: time(hour, minute, 0, 0),
        zone: TimeZone::UTC,
    };
    let schedules = Schedules::new();
    let schedules = push(schedules, queue, every(10), || DispatchReminders {});
    let schedules = push(schedules, queue, every(300), || ReconcileReminders {});
    let schedules = push(schedules, queue, every(3600), || ForgetIdempotencyKeys {});
    let schedules = push(schedules, queue, every(3600), || RollUpJobMeasures {});
    let schedules = push(schedules, queue, daily(2, 15), || TellOfTokenEnds {});
    let schedules = push(schedules, queue, daily(2, 30), || PurgeTrash {});
    let schedules = push(schedules, queue, daily(2, 45), || PurgeSessions {});
    let schedules = push(schedules, queue, daily(2, 50), || PurgeAssets {});
    let schedules = push(schedules, queue, daily(2, 55), || ForgetSentMails {});
    let schedules = push(schedules, queue, daily(3, 0), || LookAfterPartitions {});
    push(schedules, queue, daily(3, 15), RecountStatistics::default)
}

/// Adds a schedule that pushes one job, by whose name it goes.
fn push<J: Job>(
    schedules: Schedules,
    queue: &Queue,
    cadence: Cadence,
    job: fn() -> J,
) -> Schedules {
    let queue = queue.clone();
    schedules.every(J::NAME, cadence, CatchUp::Once, move |tx, _slot| {
        let queue = queue.clone();
        Box::pin(async move {
            queue.push(tx, &job()).await?;
            Ok(())
        })
    })
}

/// A fault of the database may pass; any other stays.
fn outcome(error: Error) -> JobError {
    match error {
        Error::Unavailable(_) | Error::Misconfigured(_) | Error::Conflict(_) => {
            JobError::retry(error)
        }
        other => JobError::fail(other),
    }
}

macro_rules! upkeep {
    ($(#[$doc:meta])* $job:ident, $name:literal, $queue:ident, $run:expr) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $job {}

        impl Job for $job {
            const NAME: &'static str = $name;
            const QUEUE: QueueName = QueueName::$queue;
            const TIMEOUT: Duration = Duration::from_secs(300);
            type Context = Tracker;

            fn unique(&self) -> Option<String> {
                Some(Self::NAME.into())
            }

            async fn run(&self, tracker: &Tracker, _attempt: Attempt) -> Result<(), JobError> {
                let run = $run;
                run(tracker).await.map(|_| ()).map_err(outcome)
            }
        }
    };
}

upkeep!(
    /// Gives each user whose time has come a job that plans their reminders.
    DispatchReminders, "dispatch_reminders", REMINDERS, reminders::dispatch_due
);
upkeep!(
    /// Finds promises whose job has been lost, and makes the jobs again.
    ReconcileReminders, "reconcile_reminders", MAINTENANCE, reminders::reconcile
);
upkeep!(
    /// Tells people whose API tokens end within a week.
    TellOfTokenEnds, "tell_of_token_ends", MAINTENANCE, tokens::tell_of_ends
);
upkeep!(
    /// Deletes sessions and links that have ended.
    PurgeSessions, "purge_sessions", MAINTENANCE, purge_sessions
);
upkeep!(
    /// Deletes files of releases that have not run for a while.
    PurgeAssets, "purge_assets", MAINTENANCE, assets::purge
);
upkeep!(
    /// Forgets mails about which no report is to be expected any more.
    ForgetSentMails, "forget_sent_mails", MAINTENANCE, mail::forget_sent
);
upkeep!(
    /// Makes the months of growing tables before they begin, and drops what is too old to be kept.
    LookAfterPartitions, "look_after_partitions", MAINTENANCE, partitions::look_after
);

upkeep!(
    /// Counts what became of jobs by hours and days, and drops what is too old.
    RollUpJobMeasures, "roll_up_job_measures", MAINTENANCE, roll_up_job_measures
);

async fn roll_up_job_measures(tracker: &Tracker) -> crate::Result<()> {
    Ok(tracker.queue.operations().roll_up().await?)
}

async fn purge_sessions(tracker: &Tracker) -> crate::Result<()> {
    sessions::purge_expired(tracker).await?;
    users::purge_links(tracker).await
}
