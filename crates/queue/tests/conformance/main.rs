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

mod around;
mod balancing;
mod batching;
mod breaking;
mod failing;
mod fixture;
mod handovers;
mod history;
mod kinds;
mod leasing;
mod looking;
mod measuring;
mod ordering;
mod pushing;
mod reserving;
mod retrying;
mod schedules;
mod scheduling;
mod steering;
mod tags;
mod working;

/// The tests, for each driver.
macro_rules! conformance {
    ($($module:ident $tests:tt)*) => {
        run_for! { sql: $($module $tests)* }
        run_for! { redis: $($module $tests)* }
    };
}

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

conformance! {
    pushing {
        a_job_exists_when_its_transaction_commits_and_only_then,
        a_job_that_is_too_large_is_refused,
        a_unique_key_that_is_too_long_is_refused,
        a_unique_job_is_a_duplicate_while_one_waits_or_runs,
        a_unique_key_belongs_to_its_kind,
        a_unique_key_is_free_again_after_a_failure,
        a_unique_key_is_free_when_its_push_is_rolled_back,
        pushing_the_same_unique_job_at_once_stores_one,
        many_jobs_are_stored_as_each_alone_would_be,
        a_job_carries_the_span_that_pushed_it,
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
    ordering {
        a_job_of_high_priority_goes_ahead_and_one_of_low_lets_others_pass,
        a_job_of_high_priority_is_seen_soon_while_a_queue_is_emptied_at_full_speed,
        a_burst_is_taken_with_few_statements,
        a_job_of_low_priority_does_not_wait_for_ever,
        the_jobs_of_one_owner_do_not_delay_those_of_others,
        jobs_of_a_kind_start_no_oftener_than_their_rate_allows,
        a_kind_that_has_to_wait_holds_up_no_other,
        a_rate_is_shared_by_all_who_take,
        a_job_is_not_tried_for_longer_than_it_may,
        a_job_whose_worker_died_is_not_tried_for_longer_than_it_may,
    }
    looking {
        jobs_are_listed_by_their_state,
        jobs_are_found_by_what_is_known_of_them,
        long_lists_come_in_pages,
        a_job_is_shown_whatever_its_state,
        failures_that_look_alike_are_one_group,
        the_oldest_job_that_waits_is_told,
    }
    steering {
        a_job_that_waits_is_cancelled,
        a_job_that_runs_is_cancelled_and_aborted,
        failed_jobs_are_tried_again_at_a_pace,
        a_failed_job_is_tried_again_with_other_data,
        a_failed_job_is_forgotten,
        a_paused_queue_is_left_alone_until_it_is_resumed,
        a_pause_ends_by_itself,
        a_paused_kind_is_left_alone_and_others_are_not,
        what_runs_goes_on_while_its_queue_is_paused,
        each_action_is_written_down,
        what_is_unknown_is_not_found,
    }
    measuring {
        finished_jobs_are_kept_and_of_bursts_a_part,
        no_more_finished_jobs_are_kept_than_promised,
        waits_and_runs_are_measured_by_kind,
        minutes_become_hours_and_hours_days,
        workers_say_what_they_are_at,
    }
    balancing {
        a_decision_is_made_of_what_there_is_and_kept_with_it,
        nothing_is_kept_of_nothing,
        one_balancer_decides_and_the_next_goes_on_from_there,
        a_paused_queue_is_given_nothing,
        old_decisions_are_dropped,
        a_worker_keeps_to_the_plan,
        what_an_operator_says_of_a_queue_goes_before_the_settings,
        decisions_are_made_again_with_other_settings,
    }
    breaking {
        a_kind_that_fails_is_paused_and_goes_on_by_itself,
        a_few_failures_among_many_successes_pause_nothing,
        what_goes_on_failing_is_paused_again_soon,
        what_an_operator_resumes_is_not_paused_for_the_same_failures,
        one_breaker_pauses_and_leaves_others_pauses_alone,
    }
    tags {
        jobs_are_counted_by_the_tags_that_are_watched,
        many_jobs_are_counted_in_parts,
        tags_are_watched_until_somebody_stops,
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
    history {
        every_attempt_at_a_job_that_was_done_is_kept,
        what_a_job_logs_is_kept_with_its_attempts,
        no_more_is_kept_of_a_log_than_promised,
        of_jobs_that_are_not_kept_no_attempt_is,
        what_jobs_log_costs_one_statement_for_all_that_are_kept,
        attempts_go_with_their_jobs,
        a_job_that_was_cancelled_has_its_attempts,
    }
    around {
        middleware_is_called_around_every_attempt,
        middleware_may_refuse_an_attempt,
        middleware_that_panics_harms_no_attempt,
        middleware_hears_of_an_attempt_that_was_aborted,
    }
    batching {
        a_batch_ends_when_all_its_jobs_have_and_then_pushes_another,
        the_steps_of_a_chain_follow_each_other,
        a_batch_that_is_cancelled_starts_nothing_more,
        batches_are_listed_newest_first_and_forgotten_in_the_end,
        batches_of_many_jobs_are_looked_after_by_one_keeper,
    }
    schedules {
        it_is_told_when_a_schedule_fired_and_what_it_missed,
        it_is_told_why_a_schedule_could_not_be_fired,
        a_schedule_that_is_paused_lets_its_slots_pass,
        a_schedule_is_fired_when_somebody_wants_it,
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
    handovers {
        a_thousand_handovers_double_no_firing_and_lose_none,
    }
}
