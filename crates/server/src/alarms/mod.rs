//! Telling operators what they have to know at once, by mail and by a call of a URL of theirs; and telling
//! somebody outside that all is well, who notices when that stops.

mod call;

use std::time::Duration;

use duly_tracker::alarms::{self, Alarm, EVERY, Limits, Telling, Word};
use duly_tracker::{Result, Tracker};
use jiff::Timestamp;
use serde::Serialize;

use self::call::{Call, Failed, Url};

/// `[alarms]`
#[derive(Debug, Clone)]
pub struct AlarmSettings {
    /// From when on something is wrong.
    pub limits: Limits,
    /// Who is written to; all administrators when nobody is named.
    pub mail_to: Vec<String>,
    /// What is told of an alarm is posted there.
    pub webhook: Option<Url>,
    /// It is asked for each minute while nothing is wrong.
    pub ping: Option<Url>,
}

/// The least time between two pings.
const PING_EVERY: Duration = Duration::from_secs(60);

/// Looks again and again, for as long as the process lives.
#[derive(Debug)]
pub struct Watch {
    tracker: Tracker,
    settings: AlarmSettings,
    call: Call,
    pinged_at: Option<Timestamp>,
}

/// What is posted. Chat programs that take incoming webhooks show `text`.
#[derive(Debug, Serialize)]
struct Post<'a> {
    text: String,
    state: Word,
    alarm: &'a Alarm,
    url: String,
}

impl Watch {
    /// A watch over the queues of a tracker.
    #[must_use]
    pub fn new(tracker: Tracker, settings: AlarmSettings) -> Self {
        Watch {
            tracker,
            settings,
            call: Call::new(),
            pinged_at: None,
        }
    }

    /// Looks until its task is aborted.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Those who have just started are heard of a moment later.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "it is not known how the queues are doing");
            }
        }
    }

    /// Looks once, tells what is to be told, and says outside that all is well if it is.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn look(&mut self) -> Result<()> {
        let looked = alarms::look(&self.tracker, &self.settings.limits).await?;
        for telling in &looked.tell {
            if self.tell(telling).await? {
                alarms::told(&self.tracker, telling).await?;
            }
        }
        if looked.wrong.is_empty() {
            self.ping().await;
        }
        Ok(())
    }

    /// Tells by every way there is; the answer is `true` when at least one of them worked.
    async fn tell(&self, telling: &Telling) -> Result<bool> {
        let Telling { alarm, word } = telling;
        tracing::error!(alarm = alarm.name, state = %word, "{}", alarm.detail);
        let mut is_told = self.post(telling).await;
        let to = match self.settings.mail_to.is_empty() {
            true => alarms::administrators(&mut self.tracker.db.read_fresh()).await?,
            false => self.settings.mail_to.clone(),
        };
        for address in &to {
            let mail = alarms::mail(&self.tracker, address, telling)?;
            match self.tracker.mailer.send(&mail).await {
                Ok(()) => is_told = true,
                Err(error) => tracing::warn!(%error, address, "an alarm was not mailed"),
            }
        }
        // With nobody to tell, the log has it.
        Ok(is_told || (to.is_empty() && self.settings.webhook.is_none()))
    }

    async fn post(&self, telling: &Telling) -> bool {
        let Some(webhook) = &self.settings.webhook else {
            return false;
        };
        let Telling { alarm, word } = telling;
        let url = format!("{}/admin/queues", self.tracker.settings.public_url);
        let post = Post {
            text: format!("[Duly] {word}: {} {url}", alarm.detail),
            state: *word,
            alarm,
            url,
        };
        let posted = match serde_json::to_vec(&post) {
            Ok(body) => self.call.post(webhook, body).await,
            Err(error) => Err(Failed::from(error.to_string())),
        };
        match posted {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "an alarm was not posted");
                false
            }
        }
    }

    async fn ping(&mut self) {
        let Some(url) = &self.settings.ping else {
            return;
        };
        let now = self.tracker.clock.now();
        let is_due = self.pinged_at.is_none_or(|last| {
            Duration::try_from(now.duration_since(last)).is_ok_and(|since| since >= PING_EVERY)
        });
        if !is_due {
            return;
        }
        match self.call.get(url).await {
            Ok(()) => self.pinged_at = Some(now),
            Err(error) => tracing::warn!(%error, "that all is well could not be told"),
        }
    }
}

pub use self::call::Url as AlarmUrl;
