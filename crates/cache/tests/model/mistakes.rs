//! Mistakes that are made on purpose: proof that the checker would find them, and that nothing in
//! the protocol is there in vain.

use crate::explorer::explore;
use crate::properties::Property;
use crate::setup::{Cast, Failover, Faults, Mistake, Setup};

use Property::{Acknowledged, Forward, Home, Revoked, Said, Settled};

const NONE: Faults = Faults::NONE;

/// Nothing goes wrong but the mistake.
fn made(mistake: Mistake, cast: Cast) -> Setup {
    Setup {
        mistake: Some(mistake),
        ..Setup::new(NONE, cast)
    }
}

/// The mistake breaks the property, which holds without it: the scenarios say so.
fn breaks(setup: &Setup, property: Property) {
    let found = explore(setup, &[property]);
    assert!(
        found.broken.contains_key(&property),
        "{property} holds with {:?} in all {} states",
        setup.mistake,
        found.states
    );
}

#[test]
fn a_writer_that_is_acknowledged_before_the_floor_is_raised() {
    breaks(
        &made(Mistake::AcknowledgedFirst, Cast::ONE_READER),
        Acknowledged,
    );
}

#[test]
fn an_answer_that_is_deleted_instead_of_a_floor_that_is_raised() {
    breaks(
        &made(Mistake::AnswerDeleted, Cast::ONE_READER),
        Acknowledged,
    );
}

#[test]
fn a_change_of_rights_after_which_everybody_is_still_known() {
    breaks(&made(Mistake::RightsStay, Cast::RIGHTS), Revoked);
}

#[test]
fn fences_that_stand_through_a_raise() {
    let setup = Setup {
        is_warm: false,
        ..made(Mistake::FencesStay, Cast::ONE_READER)
    };
    breaks(&setup, Acknowledged);
    let setup = Setup {
        cast: Cast::RIGHTS,
        ..setup
    };
    breaks(&setup, Revoked);
}

#[test]
fn fences_that_stand_through_a_fill() {
    let setup = Setup {
        is_warm: false,
        ..made(Mistake::FillLeavesFences, Cast::DATA)
    };
    breaks(&setup, Forward);
}

#[test]
fn a_floor_made_without_a_fence() {
    let setup = Setup {
        is_warm: false,
        ..made(Mistake::NoFence, Cast::ONE_READER)
    };
    breaks(&setup, Acknowledged);
}

#[test]
fn a_floor_made_of_what_a_replica_says() {
    let setup = Setup {
        is_warm: false,
        ..made(Mistake::LookUpOnReplica, Cast::ONE_READER)
    };
    breaks(&setup, Acknowledged);
}

#[test]
fn a_replica_that_is_believed_while_the_primary_is_away() {
    let setup = Setup {
        faults: Faults {
            outages: 1,
            evictions: 1,
            ..NONE
        },
        ..made(Mistake::ReplicaBelieved, Cast::ONE_READER)
    };
    breaks(&setup, Settled);
}

#[test]
fn a_label_that_was_read_in_another_state_than_the_rows() {
    breaks(
        &made(Mistake::LabelOfAnotherState, Cast::ONE_READER),
        Acknowledged,
    );
}

#[test]
fn memory_that_is_believed_without_a_floor() {
    breaks(
        &made(Mistake::TierWithoutFloor, Cast::ONE_READER),
        Acknowledged,
    );
}

#[test]
fn a_client_who_is_remembered_without_a_floor() {
    breaks(&made(Mistake::CallerWithoutFloor, Cast::RIGHTS), Revoked);
}

#[test]
fn a_record_that_is_found_by_its_owner_only() {
    breaks(&made(Mistake::RecordOfAnother, Cast::BOTH), Revoked);
}

#[test]
fn a_relay_that_lowers_the_floor() {
    breaks(&made(Mistake::RelayLowersFloor, Cast::RACE), Acknowledged);
}

#[test]
fn a_relay_that_goes_on_before_the_store_has_been_told() {
    let setup = Setup {
        faults: Faults {
            killed_writers: 1,
            broken_links: 1,
            ..NONE
        },
        ..made(Mistake::CursorFirst, Cast::ONE_READER)
    };
    breaks(&setup, Settled);
}

#[test]
fn a_link_that_is_believed_before_it_has_been_told() {
    let setup = Setup {
        faults: Faults {
            failed_raises: 1,
            ..NONE
        },
        ..made(Mistake::LinkBelievedAtOnce, Cast::ONE_READER)
    };
    breaks(&setup, Home);
}

#[test]
fn a_note_at_which_nobody_looks() {
    let setup = Setup {
        faults: Faults {
            restarts: 2,
            ..NONE
        },
        ..made(Mistake::NoteIgnored, Cast::ONE_READER)
    };
    breaks(&setup, Settled);
}

/// Redis could do that, though hardly to a key that is written twice a second. Then it takes until
/// everything has expired.
#[test]
fn a_note_that_is_evicted_alone() {
    let setup = Setup {
        faults: Faults {
            restarts: 2,
            ..NONE
        },
        ..made(Mistake::NoteOnItsOwn, Cast::ONE_READER)
    };
    breaks(&setup, Settled);
}

#[test]
fn a_shard_of_a_cluster_that_is_not_told_again() {
    let setup = Setup {
        failover: Failover::Unseen,
        faults: Faults {
            failovers: 1,
            ..NONE
        },
        ..made(Mistake::NothingToldAgain, Cast::ONE_READER)
    };
    breaks(&setup, Settled);
}

#[test]
fn an_answer_that_is_shown_and_nobody_is_told_of_it() {
    let setup = Setup {
        faults: Faults {
            killed_writers: 1,
            broken_links: 1,
            ..NONE
        },
        ..made(Mistake::ShownUnsaid, Cast::DATA)
    };
    breaks(&setup, Said);
}
