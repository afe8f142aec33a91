//! Several nodes behind nginx and HAProxy, and a CDN, set up by the files in `deploy/`. Needs both:
//! `scripts/need nginx haproxy`.

mod balancer;
mod browser;
mod cdn;
mod doubles;
mod house;
mod listening;
mod load;
mod page;
mod passing;
mod place;
mod repeating;
mod restarting;

use std::time::{Duration, Instant};

use balancer::{Balancer, Kind};
use browser::Browser;
use doubles::Doubles;
use house::House;
use load::Load;
use place::Place;

/// What browsers call it; nodes and certificates know it by that name.
const NAME: &str = "duly.example.org";
/// What browsers call the CDN.
const CDN: &str = "cdn.example.org";

/// Whatever does not happen within this time does not happen.
const LONG: Duration = Duration::from_secs(60);

/// Asks again and again until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
