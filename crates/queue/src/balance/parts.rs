//! Which node takes which part of a plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::share::scale_down;
use crate::QueueName;

/// What is planned for one queue in the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The queue.
    pub queue: QueueName,
    /// The slots it is guaranteed.
    pub give: u32,
    /// The most slots it may have, floating ones included; [`None`] is without bound.
    pub at_most: Option<u32>,
}

/// What one node does for one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePart {
    /// The queue.
    pub queue: QueueName,
    /// The node's slots that serve only this queue.
    pub guaranteed: u32,
    /// The most of its slots that may serve this queue, floating ones included; [`None`] is
    /// without bound. All nodes together keep to the queue's maximum, except that jobs which ran
    /// already when the plan changed run to their end.
    pub at_most: Option<u32>,
}

/// What one node does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Each queue, in the order in which floating slots serve them.
    pub queues: Vec<QueuePart>,
    /// The node's slots that float.
    pub floating: u32,
}

/// Divides a plan among the nodes, in proportion to their slots: every node computes the parts of
/// all, and takes its own. `plan` stands in the order in which floating slots serve the queues.
///
/// What is guaranteed to a queue is what the plan gives it, all nodes together, and no node takes
/// more than it has. When there are fewer slots than the plan gives, since a node died after the
/// decision, the plan is scaled down first. Slots that cannot be divided go to the largest
/// remainders, then to the first node. What one queue leaves of the remainders counts for the
/// next queue, so that nodes of the same size come to the same number of slots.
#[must_use]
pub fn parts<N: Ord + Clone>(plan: &[Planned], nodes: &BTreeMap<N, u32>) -> BTreeMap<N, Part> {
    let sizes: Vec<u32> = nodes.values().copied().collect();
    let total = sizes
        .iter()
        .fold(0_u32, |sum, size| sum.saturating_add(*size));
    let gives: Vec<u32> = plan.iter().map(|planned| planned.give).collect();
    let gives = scale_down(&gives, total);
    let guaranteed = spread(&gives, &sizes);
    let floating: Vec<u32> = (0..sizes.len())
        .zip(&sizes)
        .map(|(node, size)| column(&guaranteed, node).fold(*size, u32::saturating_sub))
        .collect();
    // Where slots float, a queue with a maximum may have part of what it is not guaranteed. Where none does, it may
    // borrow what others do not need just now: with fewer slots than queues, some would never be served.
    let lent = match floating.iter().all(|floating| *floating == 0) {
        true => &sizes,
        false => &floating,
    };
    let above = plan.iter().zip(&gives);
    let above = above.map(|(planned, give)| planned.at_most.unwrap_or(0).saturating_sub(*give));
    let above = spread(&above.collect::<Vec<u32>>(), lent);
    let part = |(node, (name, floating)): (usize, (&N, u32))| {
        let own = column(&guaranteed, node).zip(column(&above, node));
        let queues = plan
            .iter()
            .zip(own)
            .map(|(planned, (guaranteed, above))| QueuePart {
                queue: planned.queue.clone(),
                guaranteed,
                at_most: planned.at_most.map(|_| guaranteed.saturating_add(above)),
            });
        let queues = queues.collect();
        (name.clone(), Part { queues, floating })
    };
    nodes.keys().zip(floating).enumerate().map(part).collect()
}

/// What one node has of each row.
fn column(rows: &[Vec<u32>], node: usize) -> impl Iterator<Item = u32> {
    rows.iter()
        .map(move |row| row.get(node).copied().unwrap_or(0))
}

/// Divides each amount in proportion to the sizes; one row for each amount.
///
/// A node's remainders are added up over the amounts, less the slots it got for them. Their sum
/// is what is left of the current amount, so one of them is positive while anything is left. And
/// a node whose sum is positive has less than its part of all so far, which is no more than its
/// size as long as the amounts together are no more than the sizes.
fn spread(amounts: &[u32], sizes: &[u32]) -> Vec<Vec<u32>> {
    let total: i128 = sizes.iter().copied().map(i128::from).sum();
    let mut behind = vec![0_i128; sizes.len()];
    let row = |amount: &u32| -> Vec<u32> {
        let mut row = Vec::new();
        let mut left = *amount;
        for (behind, size) in behind.iter_mut().zip(sizes) {
            let share = i128::from(*amount) * i128::from(*size);
            let whole = share.checked_div(total).unwrap_or(0);
            *behind += share - whole * total;
            let whole = u32::try_from(whole).unwrap_or(u32::MAX);
            left = left.saturating_sub(whole);
            row.push(whole);
        }
        // Fewer rounds than nodes; none at all when there are no slots.
        for _ in 0..left.min(u32::try_from(sizes.len()).unwrap_or(u32::MAX)) {
            let Some(most) = behind.iter().copied().max().filter(|_| total > 0) else {
                break;
            };
            let first = behind
                .iter_mut()
                .zip(&mut row)
                .find(|(sum, _)| **sum == most);
            if let Some((sum, part)) = first {
                *sum -= total;
                *part = part.saturating_add(1);
            }
        }
        row
    };
    amounts.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(gives: &[(&'static str, u32, Option<u32>)]) -> Vec<Planned> {
        let planned = |(queue, give, at_most): &(&'static str, u32, Option<u32>)| Planned {
            queue: QueueName::new(queue),
            give: *give,
            at_most: *at_most,
        };
        gives.iter().map(planned).collect()
    }

    fn nodes(sizes: &[(&'static str, u32)]) -> BTreeMap<&'static str, u32> {
        sizes.iter().copied().collect()
    }

    fn guaranteed(parts: &BTreeMap<&'static str, Part>, node: &str) -> Vec<u32> {
        let queues = parts[node].queues.iter();
        queues.map(|part| part.guaranteed).collect()
    }

    #[test]
    fn a_queue_is_divided_by_the_largest_remainder() {
        // Parts of 2.4, 1.8 and 1.8.
        let parts = parts(
            &plan(&[("a", 6, None)]),
            &nodes(&[("x", 4), ("y", 3), ("z", 3)]),
        );
        assert_eq!(guaranteed(&parts, "x"), [2]);
        assert_eq!(guaranteed(&parts, "y"), [2]);
        assert_eq!(guaranteed(&parts, "z"), [2]);
        assert_eq!(parts["x"].floating, 2);
    }

    #[test]
    fn single_slots_of_many_queues_are_spread_over_equal_nodes() {
        let queues = [
            ("a", 1, None),
            ("b", 1, None),
            ("c", 1, None),
            ("d", 1, None),
        ];
        let parts = parts(&plan(&queues), &nodes(&[("x", 2), ("y", 2)]));
        assert_eq!(guaranteed(&parts, "x"), [1, 0, 1, 0]);
        assert_eq!(guaranteed(&parts, "y"), [0, 1, 0, 1]);
    }

    #[test]
    fn a_maximum_holds_over_all_nodes_and_a_pause_everywhere() {
        let queues = [("a", 2, Some(5)), ("b", 0, Some(0)), ("c", 1, None)];
        let parts = parts(&plan(&queues), &nodes(&[("x", 8), ("y", 8)]));
        let ceilings = |node: &str| -> Vec<Option<u32>> {
            parts[node].queues.iter().map(|part| part.at_most).collect()
        };
        assert_eq!(ceilings("x"), [Some(2), Some(0), None]);
        assert_eq!(ceilings("y"), [Some(3), Some(0), None]);
    }

    #[test]
    fn where_no_slot_floats_a_queue_may_borrow_those_of_others() {
        let queues = [("a", 1, Some(1)), ("b", 0, Some(1)), ("c", 0, Some(0))];
        let parts = parts(&plan(&queues), &nodes(&[("x", 1)]));
        let ceilings = parts["x"].queues.iter().map(|part| part.at_most);
        assert_eq!(
            ceilings.collect::<Vec<_>>(),
            [Some(1), Some(1), Some(0)],
            "but not while it is paused"
        );
    }

    #[test]
    fn a_plan_for_more_slots_than_are_left_is_scaled_down() {
        let parts = parts(
            &plan(&[("a", 6, None), ("b", 2, None)]),
            &nodes(&[("x", 4)]),
        );
        assert_eq!(guaranteed(&parts, "x"), [3, 1]);
        assert_eq!(parts["x"].floating, 0);
    }

    #[test]
    fn without_nodes_or_slots_nothing_is_taken() {
        let plan = plan(&[("a", 6, Some(9))]);
        assert!(parts(&plan, &nodes(&[])).is_empty());
        let parts = parts(&plan, &nodes(&[("x", 0)]));
        assert_eq!(guaranteed(&parts, "x"), [0]);
        assert_eq!(parts["x"].queues[0].at_most, Some(0));
    }
}
