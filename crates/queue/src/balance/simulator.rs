//! A cluster that never was: queues, jobs and slots, and the balance between them.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Decision, Memory, Observation, Observed, Planned, Settings, decide};
use crate::QueueName;

/// How finely time passes.
const STEP: Duration = Duration::from_millis(50);

/// Numbers that look like chance, the same in every run (SplitMix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From half of the duration to one and a half.
    fn around(&mut self, duration: Duration) -> Duration {
        let thousandths = 500 + u32::try_from(self.next() % 1_001).unwrap();
        duration * thousandths / 1_000
    }

    /// The time to the next of events that come one `mean` apart on average, each on its own.
    fn gap(&mut self, mean: Duration) -> Duration {
        let upper = u32::try_from(self.next() >> 32).unwrap();
        let part = (f64::from(upper) + 1.0) / 4_294_967_296.0;
        mean.mul_f64(-part.ln())
    }
}

/// How jobs come to a queue.
pub(super) enum Load {
    /// One every so long.
    Steady(Duration),
    /// One every so long on average, at random.
    Random(Duration),
    /// So many at once.
    Burst(u64),
}

/// One queue of the cluster.
pub(super) struct Lane {
    pub(super) queue: QueueName,
    loads: Vec<(Load, Duration)>,
    pub(super) run_time: Duration,
    waiting: VecDeque<Duration>,
    running: Vec<(Duration, Duration)>,
    seen: Observed,
    pub(super) longest_wait: Duration,
    pub(super) done: u64,
}

impl Lane {
    /// A queue whose jobs run for about as long.
    pub(super) fn new(queue: QueueName, run_time: Duration) -> Self {
        Lane {
            queue,
            loads: Vec::new(),
            run_time,
            waiting: VecDeque::new(),
            running: Vec::new(),
            seen: Observed::default(),
            longest_wait: Duration::ZERO,
            done: 0,
        }
    }

    /// With jobs that come from an instant on.
    pub(super) fn with(mut self, load: Load, from: u64) -> Self {
        self.loads.push((load, Duration::from_secs(from)));
        self
    }

    fn arrive(&mut self, now: Duration, chance: &mut Chance) {
        for (load, next) in &mut self.loads {
            while *next <= now {
                let (jobs, gap) = match load {
                    Load::Steady(gap) => (1, *gap),
                    Load::Random(mean) => (1, chance.gap(*mean)),
                    Load::Burst(jobs) => (*jobs, Duration::MAX),
                };
                self.waiting.extend((0..jobs).map(|_| *next));
                self.seen.arrived += jobs;
                *next = next.saturating_add(gap);
            }
        }
    }

    fn finish(&mut self, now: Duration) {
        let (ended, running) = self.running.iter().partition(|(end, _)| *end <= now);
        self.running = running;
        let ended: Vec<(Duration, Duration)> = ended;
        self.seen.finished += u64::try_from(ended.len()).unwrap();
        self.seen.run_time += ended
            .iter()
            .map(|(_, run_time)| *run_time)
            .sum::<Duration>();
        self.done += u64::try_from(ended.len()).unwrap();
    }

    fn busy(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap()
    }

    /// Starts as many jobs as there are, but at most `slots`.
    fn start(&mut self, slots: u32, now: Duration, chance: &mut Chance) {
        for _ in 0..slots {
            let Some(due) = self.waiting.pop_front() else {
                return;
            };
            self.longest_wait = self.longest_wait.max(now - due);
            let run_time = chance.around(self.run_time);
            self.running.push((now + run_time, run_time));
        }
    }

    fn observe(&mut self, now: Duration) -> Observed {
        let mut seen = std::mem::take(&mut self.seen);
        seen.backlog = u64::try_from(self.waiting.len()).unwrap();
        seen.oldest_wait = self
            .waiting
            .front()
            .map_or(Duration::ZERO, |due| now - *due);
        seen.busy = self.busy();
        seen
    }
}

/// Queues that share slots.
pub(super) struct Cluster {
    pub(super) settings: Settings,
    pub(super) lanes: Vec<Lane>,
    pub(super) slots: u32,
    pub(super) decisions: Vec<Decision>,
    memory: Memory,
    plan: Vec<Planned>,
    chance: Chance,
    now: Duration,
}

impl Cluster {
    pub(super) fn new(settings: Settings, slots: u32, lanes: Vec<Lane>) -> Self {
        Cluster {
            settings,
            lanes,
            slots,
            decisions: Vec::new(),
            memory: Memory::default(),
            plan: Vec::new(),
            chance: Chance(7),
            now: Duration::ZERO,
        }
    }

    /// Lets time pass; decides every 3 s.
    pub(super) fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while self.now < end {
            for lane in &mut self.lanes {
                lane.finish(self.now);
                lane.arrive(self.now, &mut self.chance);
            }
            if self.now.as_millis().is_multiple_of(3_000) {
                self.decide();
            }
            self.take();
            self.now += STEP;
        }
    }

    pub(super) fn lane(&mut self, queue: &QueueName) -> &mut Lane {
        self.lanes
            .iter_mut()
            .find(|lane| lane.queue == *queue)
            .unwrap()
    }

    /// What each of the decisions from an instant on gave a queue.
    pub(super) fn gives(&self, queue: &QueueName, from: u64) -> Vec<u32> {
        let from = usize::try_from(from / 3).unwrap();
        let decisions = self.decisions.iter().skip(from);
        decisions
            .map(|decision| decision.of(queue).unwrap().give)
            .collect()
    }

    fn decide(&mut self) {
        let first = self.decisions.is_empty();
        let lanes = self.lanes.iter_mut();
        let observation = Observation {
            elapsed: Duration::from_secs(if first { 0 } else { 3 }),
            total_slots: self.slots,
            queues: lanes
                .map(|lane| (lane.queue.clone(), lane.observe(self.now)))
                .collect(),
        };
        let (decision, memory) = decide(&self.settings, &self.memory, &observation);
        self.check(&decision);
        self.plan = decision.plan();
        self.memory = memory;
        self.decisions.push(decision);
    }

    /// What holds for every decision, whatever happens.
    fn check(&self, decision: &Decision) {
        let given: u32 = decision.queues.iter().map(|one| one.give).sum();
        assert!(given <= self.slots, "{decision}");
        let least = |one: &super::QueueDecision| one.settings.least(self.slots);
        let fits = decision.queues.iter().map(least).sum::<u32>() <= self.slots;
        for one in &decision.queues {
            assert!(one.give <= one.settings.most(self.slots), "{decision}");
            assert!(
                one.observed.paused || !fits || one.give >= least(one),
                "{decision}"
            );
        }
    }

    /// Fills the free slots: first those that are guaranteed, then those that float.
    fn take(&mut self) {
        let given: u32 = self.plan.iter().map(|planned| planned.give).sum();
        let mut floating = self.slots - given;
        let mut free = self.slots;
        for lane in &self.lanes {
            let above = lane.busy().saturating_sub(self.given(&lane.queue));
            floating = floating.saturating_sub(above);
            free = free.saturating_sub(lane.busy());
        }
        let plan = self.plan.clone();
        for guaranteed in [true, false] {
            for planned in &plan {
                let now = self.now;
                let lane = self
                    .lanes
                    .iter_mut()
                    .find(|lane| lane.queue == planned.queue);
                let lane = lane.unwrap();
                let room = planned
                    .at_most
                    .unwrap_or(u32::MAX)
                    .saturating_sub(lane.busy());
                let open = if guaranteed {
                    planned.give.saturating_sub(lane.busy()).min(free)
                } else {
                    floating.min(free)
                };
                let before = lane.busy();
                lane.start(open.min(room), now, &mut self.chance);
                let started = lane.busy() - before;
                free -= started;
                floating -= if guaranteed { 0 } else { started };
            }
        }
    }

    fn given(&self, queue: &QueueName) -> u32 {
        let planned = self.plan.iter().find(|planned| planned.queue == *queue);
        planned.map_or(0, |planned| planned.give)
    }
}
