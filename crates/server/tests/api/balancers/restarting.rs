//! Nodes come and go under load.

use super::house::{register, titles};
use super::load::Account;
use super::{Balancer, Browser, House, Kind, Load, Place, until};

/// How many requests each balancer passes at least; more with the variable of this name.
const REQUESTS: &str = "DULY_TEST_REQUESTS";
const USUALLY: u64 = 2000;

async fn assert_nothing_fails_when_all_restart(kind: Kind) {
    let place = Place::new();
    let mut house = House::start(place);
    let balancer = Balancer::start(kind, place).await;
    let mut ann = balancer.browser();
    register(&mut ann).await;
    let load = Load::start(&ann);
    let mut took = Vec::new();
    for node in 0..3 {
        is_used(&house, node).await;
        took.push(house.restart(node));
        is_used(&house, node).await;
    }
    let account = load.end_after(enough()).await;
    let failed = [&account.failed_reads[..], &account.failed_changes].concat();
    assert!(
        failed.is_empty(),
        "{failed:?} of {}\n{}",
        account.sent,
        balancer.log()
    );
    assert_all_are_there(&mut ann, &account.acknowledged).await;
    report(kind, &account, &format!("the nodes took {took:?} to end"));
}

#[expect(clippy::disallowed_methods, reason = "no setting of Duly")]
fn enough() -> u64 {
    std::env::var(REQUESTS).map_or(USUALLY, |text| text.parse().expect("a number"))
}

#[expect(
    clippy::print_stdout,
    reason = "whoever asks for more wants the figures"
)]
fn report(kind: Kind, account: &Account, more: &str) {
    let reads = account.failed_reads.len();
    let (changes, acknowledged) = (account.failed_changes.len(), account.acknowledged.len());
    println!(
        "{kind:?}: of {} requests {reads} that look failed, {changes} changes failed and \
         {acknowledged} were acknowledged; {more}",
        account.sent
    );
}

/// The balancer sends requests to the node.
async fn is_used(house: &House, node: usize) {
    let before = house.answered(node);
    let further = "it gets requests";
    until(further, async || house.answered(node) > before + 20).await;
}

/// Each is there once, and no other is there twice.
async fn assert_all_are_there(ann: &mut Browser, acknowledged: &std::collections::HashSet<String>) {
    let found = titles(ann).await;
    assert!(!acknowledged.is_empty());
    for title in acknowledged {
        assert!(found.contains_key(title), "{title} is lost");
    }
    for (title, count) in found {
        assert_eq!(count, 1, "{title}");
    }
}

async fn assert_a_killed_node_loses_nothing(kind: Kind) {
    let place = Place::new();
    let mut house = House::start(place);
    let balancer = Balancer::start(kind, place).await;
    let mut ann = balancer.browser();
    register(&mut ann).await;
    let load = Load::start(&ann);
    for node in 0..3 {
        is_used(&house, node).await;
        house.nodes[node].kill();
        load.goes_on_for(100).await;
        tokio::task::block_in_place(|| house.nodes[node].serve(&[]));
        is_used(&house, node).await;
    }
    let account = load.end_after(0).await;
    assert!(
        account.failed_reads.is_empty(),
        "{:?}",
        account.failed_reads
    );
    // Those that were under way, one at most for each person and kill.
    let failed = account.failed_changes.len();
    assert!(failed <= 18, "{:?}", account.failed_changes);
    assert_all_are_there(&mut ann, &account.acknowledged).await;
    report(kind, &account, "each node was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_behind_nginx_when_all_nodes_restart() {
    assert_nothing_fails_when_all_restart(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_behind_haproxy_when_all_nodes_restart() {
    assert_nothing_fails_when_all_restart(Kind::HaProxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_behind_nginx_loses_nothing() {
    assert_a_killed_node_loses_nothing(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_behind_haproxy_loses_nothing() {
    assert_a_killed_node_loses_nothing(Kind::HaProxy).await;
}
