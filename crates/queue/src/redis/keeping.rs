//! What has to be done in the background: handing over what was pushed, recording what has become of jobs, and
//! waking workers when others have pushed.

use std::sync::Arc;
use std::time::Duration;

use duly_redis::News;
use redis::cmd;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

use super::RedisStore;
use crate::Queue;
use crate::store::Operations as _;

/// How often the outbox is looked into for what processes left there that died.
const NET: Duration = Duration::from_millis(500);

/// How often what has become of jobs is recorded at least.
const RECORDED: Duration = Duration::from_secs(1);

/// The pause after which it is listened again when Redis was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// Does what has to be done in the background until it is dropped.
#[derive(Debug)]
#[must_use = "what is dropped does nothing more"]
pub struct Keeping {
    _tasks: [AbortOnDropHandle<()>; 3],
}

impl RedisStore {
    /// Does what has to be done in the background, for the workers of this queue. Runs in a Tokio runtime.
    pub fn keep_up(self: &Arc<Self>, queue: &Queue) -> Keeping {
        let tasks = [
            tokio::spawn(hand_over(self.clone())),
            tokio::spawn(record(self.clone())),
            tokio::spawn(wake(self.clone(), queue.waker())),
        ];
        Keeping {
            _tasks: tasks.map(AbortOnDropHandle::new),
        }
    }

    /// Warns of jobs that nobody takes, and of a server that may forget some.
    async fn warn(&self) {
        let left = self.sql.counts().await.unwrap_or_default();
        let left: u64 = left
            .values()
            .map(|it| it.ready + it.scheduled + it.running)
            .sum();
        if left > 0 {
            tracing::warn!(
                jobs = left,
                "jobs wait in the database, and workers take from Redis: move them"
            );
        }
        // A script asks the server that has the jobs, in a Cluster too.
        let ask = "return redis.call('INFO', 'memory') .. redis.call('INFO', 'persistence')";
        let mut info = cmd("EVAL");
        info.arg(ask).arg(1).arg(self.link.keys.jobs());
        let Ok(info) = self.link.run::<String>(&info).await else {
            return;
        };
        let is = |line: &str| info.lines().any(|it| it.trim_end() == line);
        if !is("maxmemory_policy:noeviction") {
            tracing::warn!(
                "Redis may drop jobs when its memory is full: set maxmemory-policy to noeviction"
            );
        }
        if is("aof_enabled:0") {
            tracing::warn!("Redis forgets jobs when it is restarted: set appendonly to yes");
        }
    }
}

async fn hand_over(store: Arc<RedisStore>) {
    let mut ticks = tokio::time::interval(NET);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = store.pushed.notified() => {}
        }
        if let Err(error) = store.relay().await {
            tracing::warn!(%error, "jobs could not be handed over to Redis; they stay in the outbox");
        }
    }
}

async fn record(store: Arc<RedisStore>) {
    let mut ticks = tokio::time::interval(RECORDED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        store.drain_if_nobody_does().await;
    }
}

async fn wake(store: Arc<RedisStore>, workers: watch::Sender<u64>) {
    let wake = || workers.send_modify(|count| *count = count.wrapping_add(1));
    store.warn().await;
    loop {
        match News::of(&store.link.address, &store.link.keys.channel()).await {
            Ok(mut news) => {
                // Something may have been said before anybody listened.
                wake();
                while news.next().await {
                    wake();
                }
            }
            Err(error) => tracing::debug!(%error, "nothing is heard from Redis"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
