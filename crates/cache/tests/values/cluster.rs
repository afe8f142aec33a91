//! On a Cluster everything lies elsewhere: values, the marks of their groups, and locks.

use duly_cache::testing::RedisCluster;

use super::{World, flexible, groups, locks, remembering};

#[tokio::test]
async fn a_cluster_is_as_good_as_one_server() {
    let cluster = RedisCluster::start();
    let world = async || World::at(&cluster.url()).await;
    remembering::what_was_forgotten_during_its_load_is_not_kept(world().await).await;
    world().await.nodes[0].forget(&["numbers"]).await.unwrap();
    remembering::a_thousand_who_miss_at_once_make_one_load(world().await).await;
    world().await.nodes[0].forget(&["numbers"]).await.unwrap();
    flexible::what_is_stale_is_answered_at_once_while_one_loads(world().await).await;
    groups::a_group_is_forgotten_with_all_that_belongs_to_it_and_nothing_else(world().await).await;
    locks::no_two_hold_a_lock_and_tokens_rise(world().await).await;
}
