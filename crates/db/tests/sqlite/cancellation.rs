use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use duly_db::{Db, Error};
use tokio::task::JoinSet;

use crate::fixture::{Notes, ids, insert};

/// Drops the future right after it has said "not yet" for the given number of times.
async fn at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| match left {
        0 => Poll::Ready(None),
        _ => {
            left -= 1;
            match future.as_mut().poll(context) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        }
    })
    .await
}

/// Two rows that belong together; answers the id when it was acknowledged.
async fn pair(db: Db, id: i64) -> Result<i64, Error> {
    let mut tx = db.begin();
    tx.execute(insert(id)).await?;
    tx.execute(insert(id + 1)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Thousands of callers go away at every point of a transaction. Whatever was acknowledged is
/// there, nothing is there by half, nothing that never asked for a commit is there, and the
/// writer is free afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_go_away_lose_and_leave_nothing() {
    let notes = Notes::with(|options| options.idle_timeout = std::time::Duration::MAX).await;
    let mut callers = JoinSet::new();
    let mut handles = Vec::new();
    for caller in 0..4_000_usize {
        let id = i64::try_from(caller).unwrap() * 10;
        let db = (*notes).clone();
        match caller % 4 {
            // Dropped after a certain poll.
            0 => drop(callers.spawn(async move {
                let polls = caller / 4 % 8;
                at_most(polls, pair(db, id)).await.transpose()
            })),
            // Aborted by the runtime whenever it gets to it.
            1 => handles.push(callers.spawn(async move { pair(db, id).await.map(Some) })),
            // Never asks for a commit.
            2 => drop(callers.spawn(async move {
                let mut tx = db.begin();
                at_most(caller / 4 % 3, tx.execute(insert(-id)))
                    .await
                    .transpose()?;
                Ok(None)
            })),
            _ => drop(callers.spawn(async move { pair(db, id).await.map(Some) })),
        }
        if caller % 50 == 0 {
            tokio::task::yield_now().await;
            handles.drain(..).for_each(|handle| handle.abort());
        }
    }
    handles.drain(..).for_each(|handle| handle.abort());
    let mut acknowledged = BTreeSet::new();
    while let Some(joined) = callers.join_next().await {
        match joined {
            Ok(result) => acknowledged.extend(result.unwrap()),
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    notes.write(-1).await.unwrap();
    let found: BTreeSet<i64> = ids(&mut notes.read_fresh()).await.into_iter().collect();
    assert!(
        acknowledged.len() >= 1_000,
        "those who stayed are acknowledged"
    );
    for id in &acknowledged {
        assert!(found.contains(id), "{id} was acknowledged and is lost");
    }
    for id in found.iter().filter(|id| **id >= 0 && **id % 10 == 0) {
        assert!(found.contains(&(id + 1)), "{id} is there by half");
    }
    let halves = found.iter().filter(|id| **id >= 0 && **id % 10 == 1);
    assert!(halves.clone().all(|id| found.contains(&(id - 1))));
    assert_eq!(
        found.iter().filter(|id| **id < 0).collect::<Vec<_>>(),
        [&-1]
    );
}
