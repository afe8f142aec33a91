//! One load at a time of the same thing, for all who want it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Loads under way, by what is loaded. Nothing is remembered once nobody waits any more.
#[derive(Debug)]
pub(crate) struct Flights<K: Hash + Eq, T> {
    slots: Mutex<HashMap<K, Arc<Slot<T>>>>,
    /// Numbers the moments at which somebody comes or a load begins.
    moments: AtomicU64,
}

type Slot<T> = tokio::sync::Mutex<Option<Landed<T>>>;

/// When somebody came or a load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// A load that has ended.
#[derive(Debug)]
struct Landed<T> {
    begun: Moment,
    /// Nothing when it has failed.
    value: Option<T>,
}

impl<K: Hash + Eq, T> Default for Flights<K, T> {
    fn default() -> Self {
        Flights {
            slots: Mutex::default(),
            moments: AtomicU64::default(),
        }
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Flights<K, T> {
    /// Waits for the load under way and takes what it has loaded if that will `do`; else loads.
    /// `will_do` is told the value and whether its load had begun only after this call.
    ///
    /// A load that fails answers its own caller. Who has waited for it then loads on their own,
    /// since waiting in line for further failures would take as long as there are waiters. A
    /// caller who goes away while loading leaves the turn to the next.
    pub(crate) async fn join<E>(
        &self,
        key: K,
        will_do: impl Fn(&T, bool) -> bool,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let take = |value: &T, begun_after| will_do(value, begun_after).then(|| value.clone());
        let load = async { load.await.map(|value| (value.clone(), value)) };
        self.join_since(self.moment(), key, take, load).await
    }

    /// The same for somebody who has come at that moment. `take` makes of a value what the caller
    /// wants, if it will do, and `load` both.
    pub(crate) async fn join_since<V, E>(
        &self,
        come: Moment,
        key: K,
        take: impl Fn(&T, bool) -> Option<V>,
        load: impl Future<Output = Result<(T, V), E>>,
    ) -> Result<V, E> {
        let place = Place {
            flights: self,
            slot: self.slots().entry(key.clone()).or_default().clone(),
            key,
        };
        let mut turn = place.slot.lock().await;
        if let Some(landed) = &*turn {
            let begun_after = landed.begun > come;
            let taken = landed.value.as_ref();
            if let Some(taken) = taken.and_then(|value| take(value, begun_after)) {
                return Ok(taken);
            }
            if landed.value.is_none() && begun_after {
                drop(turn);
                return load.await.map(|(_, taken)| taken);
            }
        }
        let begun = self.moment();
        let (value, taken) = match load.await {
            Ok((value, taken)) => (Some(value), Ok(taken)),
            Err(error) => (None, Err(error)),
        };
        *turn = Some(Landed { begun, value });
        taken
    }
}

impl<K: Hash + Eq, T> Flights<K, T> {
    /// Now.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.moments.fetch_add(1, Ordering::Relaxed))
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<K, Arc<Slot<T>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's place among those who want the same.
struct Place<'a, K: Hash + Eq, T> {
    flights: &'a Flights<K, T>,
    slot: Arc<Slot<T>>,
    key: K,
}

impl<K: Hash + Eq, T> Drop for Place<'_, K, T> {
    fn drop(&mut self) {
        let mut slots = self.flights.slots();
        // The map's and ours.
        if Arc::strong_count(&self.slot) == 2 {
            slots.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Semaphore;

    use super::*;

    /// Loads that count themselves and wait to be let go on.
    #[derive(Default)]
    struct Source {
        flights: Flights<u8, usize>,
        loads: AtomicUsize,
        gate: Gate,
    }

    struct Gate(Semaphore);

    impl Default for Gate {
        fn default() -> Self {
            Gate(Semaphore::new(0))
        }
    }

    impl Source {
        async fn load(&self) -> usize {
            let number = self.loads.fetch_add(1, Ordering::Relaxed) + 1;
            self.gate.0.acquire().await.unwrap().forget();
            number
        }

        async fn joined(&self, will_do: impl Fn(&usize, bool) -> bool) -> usize {
            let load = async { Ok::<_, Infallible>(self.load().await) };
            self.flights.join(1, will_do, load).await.unwrap()
        }

        fn loads(&self) -> usize {
            self.loads.load(Ordering::Relaxed)
        }
    }

    async fn all(tasks: Vec<tokio::task::JoinHandle<usize>>) -> Vec<usize> {
        let mut values = Vec::new();
        for task in tasks {
            values.push(task.await.unwrap());
        }
        values
    }

    #[tokio::test]
    async fn a_thousand_who_want_the_same_make_one_load() {
        let source = Arc::new(Source::default());
        let tasks = (0..1_000).map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.joined(|_, _| true).await })
        });
        let tasks = tasks.collect();
        while source.flights.moments.load(Ordering::Relaxed) < 1_001 {
            tokio::task::yield_now().await;
        }
        source.gate.0.add_permits(1_000);
        assert_eq!(all(tasks).await, vec![1; 1_000]);
        assert_eq!(source.loads(), 1);
        assert!(source.flights.slots().is_empty());
    }

    #[tokio::test]
    async fn who_comes_while_one_loads_can_insist_on_the_next() {
        let source = Arc::new(Source::default());
        let join = || {
            let source = source.clone();
            tokio::spawn(async move { source.joined(|_, begun_after| begun_after).await })
        };
        let mut tasks = vec![join()];
        while source.loads() == 0 {
            tokio::task::yield_now().await;
        }
        tasks.extend((0..10).map(|_| join()));
        tokio::task::yield_now().await;
        source.gate.0.add_permits(100);
        let values = all(tasks).await;
        assert_eq!(values.first(), Some(&1));
        assert!(values.iter().skip(1).all(|value| *value == 2), "{values:?}");
    }

    #[tokio::test]
    async fn what_will_not_do_is_loaded_again() {
        let source = Arc::new(Source::default());
        let need = |need: usize| {
            let source = source.clone();
            tokio::spawn(async move { source.joined(move |value, _| *value >= need).await })
        };
        let tasks = vec![need(1), need(2), need(1), need(2)];
        while source.flights.moments.load(Ordering::Relaxed) < 5 {
            tokio::task::yield_now().await;
        }
        source.gate.0.add_permits(100);
        let values = all(tasks).await;
        assert!(source.loads() <= 2, "{values:?}");
        assert!(
            values
                .iter()
                .zip([1, 2, 1, 2])
                .all(|(value, need)| *value >= need)
        );
    }

    #[tokio::test]
    async fn who_goes_away_while_loading_leaves_the_turn_to_the_next() {
        let source = Arc::new(Source::default());
        let join = || {
            let source = source.clone();
            tokio::spawn(async move { source.joined(|_, _| true).await })
        };
        let first = join();
        while source.loads() == 0 {
            tokio::task::yield_now().await;
        }
        let others: Vec<_> = (0..10).map(|_| join()).collect();
        tokio::task::yield_now().await;
        first.abort();
        let _ = first.await;
        source.gate.0.add_permits(100);
        assert_eq!(all(others).await, vec![2; 10]);
        assert!(source.flights.slots().is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_in_line_for_failures() {
        let flights: Arc<Flights<u8, usize>> = Arc::default();
        let loads = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (flights, loads, gate) = (flights.clone(), loads.clone(), gate.clone());
                tokio::spawn(async move {
                    let load = async {
                        loads.fetch_add(1, Ordering::Relaxed);
                        gate.acquire().await.unwrap().forget();
                        Err::<usize, &str>("no")
                    };
                    flights.join(1, |_, _| true, load).await
                })
            })
            .collect();
        while flights.moments.load(Ordering::Relaxed) < 11 {
            tokio::task::yield_now().await;
        }
        // The first had begun before the others came; the second tells them enough.
        gate.add_permits(2);
        while loads.load(Ordering::Relaxed) < 10 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(8);
        for task in tasks {
            assert_eq!(task.await.unwrap(), Err("no"));
        }
    }
}
