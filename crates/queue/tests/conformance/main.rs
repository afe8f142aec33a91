//! What every place that keeps jobs must do, run for each driver.
//!
//! The tests are written against the `JobStore` trait and what is built on it. A driver is added
//! by one `run_for!` below. Time stands still unless a test moves it; nothing sleeps.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod failing;
mod fixture;
mod leasing;
mod pushing;
mod reserving;
mod retrying;
mod scheduling;
mod working;

macro_rules! run_for {
    ($driver:ident: $($module:ident { $($test:ident),* $(,)? })*) => {
        mod $driver {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test(crate::fixture::Fixture::$driver().await).await;
                })*
            })*
        }
    };
}

run_for! { sql:
    pushing {
        a_job_exists_when_its_transaction_commits_and_only_then,
        a_job_that_is_too_large_is_refused,
        a_unique_key_that_is_too_long_is_refused,
        a_unique_job_is_a_duplicate_while_one_waits_or_runs,
        a_unique_key_belongs_to_its_kind,
        a_unique_key_is_free_again_after_a_failure,
        pushing_the_same_unique_job_at_once_stores_one,
    }
    reserving {
        each_job_is_taken_once_however_many_take,
        more_jobs_than_any_batch_holds_are_all_taken,
        a_delayed_job_waits_for_its_time,
        queues_are_served_in_the_order_asked_for,
        within_a_queue_the_one_due_first_comes_first,
        a_kind_nobody_here_knows_is_left_alone,
        the_attempt_is_stored_before_the_job_is_handed_out,
        counts_tell_the_states_apart,
    }
    leasing {
        a_job_comes_back_when_its_lease_is_over,
        a_renewed_lease_is_kept,
        a_late_worker_can_change_nothing,
        a_token_is_never_valid_again_after_a_release,
        a_job_that_kills_its_worker_fails_after_its_tries,
        settling_twice_changes_nothing,
        a_swept_job_of_an_unknown_kind_comes_back_too,
        only_the_newest_attempts_are_kept,
    }
    retrying {
        a_failed_attempt_waits_as_its_backoff_says,
        a_job_that_gave_way_is_run_again_within_its_attempt,
        a_job_that_gives_way_again_and_again_waits,
        a_job_may_say_itself_when_to_try_again,
        a_job_fails_after_its_tries_and_keeps_every_error,
        a_job_may_fail_at_once,
        an_attempt_is_cancelled_when_its_time_is_over,
        a_panic_ends_only_its_attempt,
        a_job_that_cannot_be_read_is_kept,
        the_last_attempt_is_told_so,
        a_failed_job_can_be_retried,
        retrying_a_failed_job_respects_its_unique_key,
        failed_jobs_are_listed_newest_first_by_pages,
        old_history_is_dropped,
        totals_say_what_became_of_attempts,
        errors_are_stored_whatever_they_hold,
    }
    working {
        a_pushed_job_is_run_when_the_queue_is_notified,
        no_more_jobs_run_at_once_than_there_are_slots,
        leases_of_running_jobs_are_renewed,
        a_job_that_was_taken_over_is_aborted,
        draining_finishes_what_runs,
        draining_gives_back_what_does_not_finish,
        a_less_important_queue_does_not_starve,
        a_panic_does_not_end_the_worker,
    }
    failing {
        errors_of_the_store_do_not_end_the_worker,
        results_are_kept_until_they_can_be_stored,
        errors_while_renewing_do_not_end_the_job,
    }
    scheduling {
        a_schedule_fires_once_for_each_slot,
        a_new_schedule_waits_for_its_next_slot,
        two_schedulers_at_once_fire_once,
        another_scheduler_takes_over_when_the_leader_dies,
        a_leader_that_slept_through_its_lease_can_claim_nothing,
        three_days_of_downtime_are_made_up_for_once,
        three_days_of_downtime_are_skipped_when_so_wished,
        a_firing_that_fails_leaves_nothing_and_is_tried_again,
        a_firing_that_gave_way_fires_in_the_same_tick,
        a_firing_that_panics_harms_no_other,
        a_started_scheduler_fires_and_hands_over_when_stopped,
    }
}
