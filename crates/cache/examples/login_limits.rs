//! Somebody guesses a password; the owner of the account logs in at last.
//!
//! `cargo run -p duly-cache --example login_limits`

#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use duly_cache::limits::{Policy, Tally, network_of};
use duly_db::clock::SystemClock;

const LOGIN: Policy = Policy::new("login", 5, Duration::from_secs(60));

fn main() {
    let limiter = Tally::new(Arc::new(SystemClock));
    let network = network_of(IpAddr::from([0x2001, 0xdb8, 0, 0, 1, 2, 3, 4]));
    let key = format!("anna@example.org {network}");
    for guess in 1..=7 {
        // Counted before the password is looked at, so that guesses in parallel count as well.
        let decision = limiter.hit(&LOGIN, &key);
        if decision.allowed {
            println!("guess {guess}: wrong, {} left", decision.remaining);
        } else {
            let seconds = decision.retry_after.as_secs_f64().ceil();
            println!("guess {guess}: 429, Retry-After: {seconds}");
        }
    }
    limiter.forget(&LOGIN, &key);
    println!(
        "after a good login: {} left",
        limiter.check(&LOGIN, &key).remaining
    );
}
