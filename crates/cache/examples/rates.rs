//! What everybody is shown and nobody owns: remembered, forgotten when it changes, refreshed in the
//! background, and changed by one at a time.
//!
//! `cargo run -p duly-cache --example rates`, or with a Redis:
//! `cargo run -p duly-cache --example rates redis://127.0.0.1:6379`

#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use duly_cache::Redis;
use duly_cache::redis::Patience;
use duly_cache::store::Lost;
use duly_cache::values::{Backing, Key, Process, Values};
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;

const MINUTE: Duration = Duration::from_secs(60);

/// Stands for the database.
#[derive(Clone, Default)]
struct Rates(Arc<AtomicU32>);

impl Rates {
    async fn read(self) -> Result<u32, Lost> {
        println!("  reading the rates");
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let backing: Arc<dyn Backing> = match std::env::args().nth(1) {
        Some(url) => {
            let address = url.parse()?;
            let redis = Redis::start(
                address,
                "example",
                Patience::default(),
                clock.clone(),
                random.clone(),
            );
            redis.connected().await;
            Arc::new(redis)
        }
        None => Arc::new(Process::new(clock.clone())),
    };
    let values = Values::new(backing, "1", 1 << 20, clock, random);
    let rates = Rates::default();
    let key = Key::named("rates of today").of("rates");

    println!("a hundred ask at once");
    let asking = (0..100).map(|_| values.remember(&key, MINUTE, rates.clone().read()));
    let found = futures_util::future::try_join_all(asking).await?;
    println!("  {} are told {:?}", found.len(), found.first());

    println!("one changes them, alone");
    if let Some(lock) = values.block("change rates", MINUTE, MINUTE).await? {
        rates.0.fetch_add(1, Ordering::Relaxed);
        // After the commit; what others had begun to load before is not kept either.
        values.forget(&["rates"]).await?;
        println!("  by token {}", lock.token());
        lock.release().await?;
    }
    let found = values.remember(&key, MINUTE, rates.clone().read()).await?;
    println!("  who asks is told {found}");

    println!("figures may be stale for a while, and nobody waits for them");
    let figures = Key::named("figures");
    for _ in 0..3 {
        let found = values.flexible(&figures, Duration::ZERO, MINUTE, rates.clone().read());
        println!("  who asks is told {}", found.await?);
    }
    Ok(())
}
