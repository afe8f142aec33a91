//! Those who write while a table is being converted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duly_db::partitions::yearly::Layout;
use duly_db::random::{Random, SeededRandom, new_id};
use duly_db::{Db, Error, Query};
use uuid::Uuid;

use super::fixture::{Notes, Pad, at, delete, insert, insert_label, rewrite};

/// Writes what it likes to the notes of an owner of its own, until it is told to stop.
struct Writer {
    db: Db,
    owner: Uuid,
    random: Arc<SeededRandom>,
    notes: Notes,
}

impl Writer {
    fn number(&self, below: usize) -> usize {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % below
    }

    fn some_note(&self) -> Option<Uuid> {
        let count = self.notes.len();
        let which = (count > 0).then(|| self.number(count))?;
        self.notes.keys().nth(which).map(|key| key.1)
    }

    /// Several changes in one transaction, some of which change their mind.
    async fn transaction(&mut self) -> Result<(), Error> {
        let mut expected = self.notes.clone();
        let mut tx = self.db.begin();
        for _ in 0..=self.number(3) {
            for statement in self.change(&mut expected) {
                tx.execute(statement).await?;
            }
        }
        if self.number(10) > 0 {
            tx.commit().await?;
            self.notes = expected;
        }
        Ok(())
    }

    fn change(&self, expected: &mut Notes) -> Vec<Query> {
        let owner = self.owner;
        match (self.number(5), self.some_note()) {
            (0..=2, Some(id)) if expected.contains_key(&(owner, id)) => {
                let text = format!("Text {}", self.number(1_000_000));
                if let Some(note) = expected.get_mut(&(owner, id)) {
                    *note = (text.clone(), note.1 + 1);
                }
                vec![rewrite(owner, id, &text)]
            }
            (3, Some(id)) if expected.remove(&(owner, id)).is_some() => delete(owner, id).into(),
            _ => {
                let when = ["2024-05-05", "2025-05-05", "2026-11-23"].get(self.number(3));
                let id = new_id(
                    self.random.as_ref(),
                    at(&format!("{}T08:00:00Z", when.unwrap())),
                );
                expected.insert((owner, id), ("New".into(), 3));
                vec![insert(owner, id, "New"), insert_label(owner, id)]
            }
        }
    }

    async fn run(mut self, stop: Arc<AtomicBool>) -> (Notes, usize) {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            match self.transaction().await {
                Ok(()) => count += 1,
                // Callers try again.
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (self.notes, count)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_written_meanwhile_is_lost() {
    let Some(pad) = Pad::new().await else { return };
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for seed in 0..3 {
        let owner = pad.owner().await;
        pad.fill(owner, 700).await;
        let notes = pad.notes().await;
        let writer = Writer {
            db: (*pad.db).clone(),
            owner,
            random: SeededRandom::new(seed),
            notes: notes
                .into_iter()
                .filter(|(key, _)| key.0 == owner)
                .collect(),
        };
        writers.push(tokio::spawn(writer.run(stop.clone())));
    }
    pad.convert(Layout::ByYear).await.unwrap();
    pad.convert(Layout::Whole).await.unwrap();
    pad.convert(Layout::ByYear).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut expected = Notes::new();
    for writer in writers {
        let (notes, count) = writer.await.unwrap();
        assert!(count > 20, "only {count} transactions came through");
        expected.extend(notes);
    }
    let found = pad.notes().await;
    for (key, note) in &expected {
        assert_eq!(found.get(key), Some(note), "{key:?}");
    }
    assert_eq!(found.len(), expected.len(), "nothing has come back");
    let labelled = pad.labelled().await;
    let ids = expected.keys().map(|key| key.1);
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    assert_eq!(labelled, ids);
}
