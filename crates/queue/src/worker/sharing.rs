//! Which queue the free slots of a worker are for, by the plan of the balancer.

use std::collections::BTreeMap;

use crate::QueueName;
use crate::balance::Part;

/// Which queues to look into for `free` jobs, in this order, and how many to take from each: first what each
/// is guaranteed and does not have, then whatever is due, in the order of the plan, up to what each may have.
/// So a slot that is guaranteed to a queue serves others while that one has nothing to do.
pub(super) fn shares(
    part: &Part,
    served: &[QueueName],
    running: &BTreeMap<QueueName, u32>,
    free: u32,
) -> Vec<(QueueName, u32)> {
    let has = |queue: &QueueName| running.get(queue).copied().unwrap_or(0);
    let planned = || part.queues.iter().filter(|one| served.contains(&one.queue));
    let guaranteed = planned().map(|one| {
        let missing = one.guaranteed.saturating_sub(has(&one.queue));
        (one.queue.clone(), missing.min(free))
    });
    let floating = planned().map(|one| {
        let most = one.at_most.unwrap_or(u32::MAX);
        let taken = one.guaranteed.max(has(&one.queue));
        (one.queue.clone(), most.saturating_sub(taken).min(free))
    });
    let unplanned = served
        .iter()
        .filter(|queue| part.queues.iter().all(|one| one.queue != **queue))
        .map(|queue| (queue.clone(), free));
    let shares = guaranteed.chain(floating).chain(unplanned);
    shares.filter(|(_, share)| *share > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::QueuePart;

    fn part(queues: &[(QueueName, u32, Option<u32>)]) -> Part {
        let queues = queues.iter().map(|(queue, guaranteed, at_most)| QueuePart {
            queue: queue.clone(),
            guaranteed: *guaranteed,
            at_most: *at_most,
        });
        Part {
            queues: queues.collect(),
            floating: 0,
        }
    }

    const URGENT: QueueName = QueueName::URGENT;
    const DEFAULT: QueueName = QueueName::DEFAULT;

    #[test]
    fn each_has_first_what_it_is_guaranteed() {
        let part = part(&[(URGENT, 3, None), (DEFAULT, 2, None)]);
        let running = BTreeMap::from([(URGENT, 1)]);
        let shares = shares(&part, &[URGENT, DEFAULT], &running, 4);
        let expected = [(URGENT, 2), (DEFAULT, 2), (URGENT, 4), (DEFAULT, 4)];
        assert_eq!(shares, expected);
    }

    #[test]
    fn nobody_has_more_than_it_may() {
        let part = part(&[(URGENT, 0, Some(0)), (DEFAULT, 1, Some(3))]);
        let running = BTreeMap::from([(DEFAULT, 2)]);
        assert_eq!(
            shares(&part, &[URGENT, DEFAULT], &running, 8),
            [(DEFAULT, 1)],
            "a paused queue has none, and the other one more"
        );
    }

    #[test]
    fn what_nobody_planned_and_what_is_not_served_is_told_apart() {
        let part = part(&[(URGENT, 1, None)]);
        let shares = shares(&part, &[DEFAULT], &BTreeMap::new(), 2);
        assert_eq!(shares, [(DEFAULT, 2)]);
    }
}
