//! Which queue the next free slot is for.

use crate::QueueName;

/// Every so many slots, one goes to a less important queue first.
const FLOOR: u64 = 4;

/// Strict order of importance with a floor: three of four slots go to the first queue that has
/// work, in order of importance. The fourth goes to one of the less important queues, each in its
/// turn, and falls back to the order when that one is empty. So the most important queue always
/// has three quarters of the slots if it needs them, and with four queues each other one gets at
/// least every twelfth.
#[derive(Debug)]
pub(super) struct Turns {
    queues: Vec<QueueName>,
    slots: u64,
    floors: usize,
}

impl Turns {
    /// Serves the queues, most important first.
    pub(super) fn new(queues: Vec<QueueName>) -> Self {
        Turns {
            queues,
            slots: 0,
            floors: 0,
        }
    }

    /// Which queues to look into for `free` jobs, in this order, and how many to take from each.
    pub(super) fn shares(&mut self, free: u32) -> Vec<(QueueName, u32)> {
        let mut shares: Vec<(QueueName, u32)> = Vec::new();
        for _ in 0..free {
            self.slots = self.slots.wrapping_add(1);
            if self.slots.is_multiple_of(FLOOR)
                && let Some(queue) = self.next_less_important()
            {
                shares.push((queue, 1));
            }
        }
        shares.extend(self.queues.iter().map(|queue| (queue.clone(), free)));
        shares
    }

    fn next_less_important(&mut self) -> Option<QueueName> {
        let others = self
            .queues
            .len()
            .checked_sub(1)
            .filter(|&count| count > 0)?;
        let queue = self.queues.get(1 + self.floors % others).cloned();
        self.floors = self.floors.wrapping_add(1);
        queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What a store would hand out, one slot at a time, if these queues never ran dry.
    fn served(busy: &[QueueName], slots: u32) -> BTreeMap<QueueName, u32> {
        let mut turns = Turns::new(QueueName::by_priority());
        let mut served = BTreeMap::new();
        for _ in 0..slots {
            let shares = turns.shares(1);
            let (queue, _) = shares
                .into_iter()
                .find(|(queue, _)| busy.contains(queue))
                .unwrap();
            *served.entry(queue).or_default() += 1;
        }
        served
    }

    #[test]
    fn the_most_important_queue_gets_three_quarters_and_no_other_starves() {
        let served = served(&QueueName::by_priority(), 120);
        assert_eq!(served[&QueueName::URGENT], 90);
        assert_eq!(served[&QueueName::DEFAULT], 10);
        assert_eq!(served[&QueueName::REMINDERS], 10);
        assert_eq!(served[&QueueName::MAINTENANCE], 10);
    }

    #[test]
    fn nothing_is_held_back_for_empty_queues() {
        let served = served(&[QueueName::REMINDERS], 40);
        assert_eq!(served[&QueueName::REMINDERS], 40);
    }

    #[test]
    fn a_single_queue_gets_everything() {
        let mut turns = Turns::new(vec![QueueName::DEFAULT]);
        assert_eq!(turns.shares(8), [(QueueName::DEFAULT, 8)]);
    }
}
