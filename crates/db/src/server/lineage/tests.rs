use super::*;

fn postgres(timeline: u32, position: u64) -> Sighting {
    Sighting {
        identity: format!("timeline {timeline}"),
        timeline,
        receives: None,
        position: Position::new([("wal".into(), timeline.to_string(), position)]),
        is_read_only: false,
    }
}

fn postgres_replica(timeline: u32, receives: Option<u32>) -> Sighting {
    Sighting {
        identity: format!("a replica on timeline {timeline}"),
        receives,
        is_read_only: true,
        ..postgres(timeline, 90)
    }
}

fn mariadb(server: u64, state: &[(u64, u64)]) -> Sighting {
    let parts = state
        .iter()
        .map(|(writer, last)| ("0".into(), writer.to_string(), *last));
    Sighting {
        identity: format!("server {server}"),
        timeline: 0,
        receives: None,
        position: Position::new(parts),
        is_read_only: false,
    }
}

fn relation(replica: Sighting, primary: Sighting) -> Relation {
    Relation::of(&replica, &primary)
}

#[test]
fn a_restarted_primary_is_accepted() {
    let mut lineage = Lineage::default();
    lineage.judge(&postgres(1, 100)).unwrap();
    lineage.judge(&postgres(1, 200)).unwrap();
}

#[test]
fn a_promoted_replica_is_accepted_even_when_it_had_lagged() {
    let mut lineage = Lineage::default();
    lineage.judge(&postgres(1, 100)).unwrap();
    lineage.judge(&postgres(2, 90)).unwrap();
    let mut lineage = Lineage::default();
    lineage.judge(&mariadb(1, &[(1, 103)])).unwrap();
    lineage.judge(&mariadb(2, &[(1, 100)])).unwrap();
}

#[test]
fn a_replica_in_the_place_of_the_primary_is_refused() {
    let mut lineage = Lineage::default();
    lineage.judge(&postgres(1, 100)).unwrap();
    let reason = lineage.judge(&postgres_replica(1, Some(1))).unwrap_err();
    assert!(reason.contains("it is a replica"), "{reason}");
    lineage.judge(&postgres(2, 90)).unwrap();

    let mut lineage = Lineage::default();
    lineage.judge(&mariadb(1, &[(1, 100)])).unwrap();
    let closed = |server| Sighting {
        is_read_only: true,
        ..mariadb(server, &[(1, 100)])
    };
    assert!(lineage.judge(&closed(2)).is_err());
    lineage.judge(&closed(1)).unwrap();
}

#[test]
fn a_returning_primary_is_refused_until_it_is_rejoined() {
    let mut lineage = Lineage::default();
    lineage.judge(&postgres(1, 100)).unwrap();
    lineage.judge(&postgres(2, 100)).unwrap();
    assert!(
        lineage.judge(&postgres(1, 500)).is_err(),
        "however much it wrote alone"
    );
    lineage.judge(&postgres(3, 120)).unwrap();

    let mut lineage = Lineage::default();
    lineage.judge(&mariadb(1, &[(1, 100)])).unwrap();
    lineage.judge(&mariadb(2, &[(1, 100), (2, 105)])).unwrap();
    assert!(lineage.judge(&mariadb(1, &[(1, 110)])).is_err());
    let copied = mariadb(1, &[(2, 105)]);
    lineage.judge(&copied).unwrap();
    assert!(
        lineage.judge(&mariadb(2, &[(1, 100), (2, 104)])).is_err(),
        "now the second is the former one"
    );
}

#[test]
fn a_former_primary_gives_itself_away_beside_its_replicas() {
    let newer = relation(postgres(2, 90), postgres(1, 100));
    assert_eq!(newer, Relation::IsAhead);
    let older = relation(postgres(1, 90), postgres(2, 100));
    assert_eq!(older, Relation::Follows);

    let successor = || mariadb(2, &[(1, 100), (2, 105)]);
    let former = || mariadb(1, &[(1, 110)]);
    assert_eq!(relation(successor(), former()), Relation::IsAhead);
    let copy = mariadb(3, &[(2, 105)]);
    assert_eq!(relation(copy, former()), Relation::IsAhead);
    let follower = mariadb(3, &[(1, 100), (2, 101)]);
    assert_eq!(relation(follower, successor()), Relation::Follows);
    let restored = mariadb(1, &[(1, 100)]);
    assert_eq!(relation(former(), restored), Relation::IsAhead);
}

#[test]
fn a_replica_that_follows_a_former_primary_does_not_discredit_the_present_one() {
    let led_astray = postgres_replica(1, Some(1));
    assert_eq!(
        relation(led_astray, postgres(2, 100)),
        Relation::IsAbandoned
    );
    // It waits for a connection, or may not say what it receives.
    let silent = postgres_replica(1, None);
    assert_eq!(relation(silent, postgres(2, 100)), Relation::Follows);

    let led_astray = mariadb(3, &[(1, 110)]);
    let successor = mariadb(2, &[(1, 100), (2, 105)]);
    assert_eq!(relation(led_astray, successor), Relation::IsAbandoned);
    // The second was primary for a while, then the first again.
    let led_astray = mariadb(3, &[(1, 100), (2, 107)]);
    let successor = mariadb(1, &[(1, 110), (2, 105)]);
    assert_eq!(relation(led_astray, successor), Relation::IsAbandoned);
}

#[test]
fn a_copy_is_as_far_as_what_it_was_copied_from() {
    let original = mariadb(2, &[(1, 100), (2, 105)]).position;
    let copy = mariadb(1, &[(2, 105)]).position;
    assert!(copy.contains(&original) && original.contains(&copy));
    assert_eq!((copy.total(), original.total()), (105, 105));
}
