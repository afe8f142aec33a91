//! What is kept of some users beside what their tasks say, both of one moment.

use std::collections::{BTreeMap, BTreeSet};

use duly_db::{Conn, Query, dialect, query};
use jiff::Timestamp;

use crate::id::UserId;
use crate::statistics::kept::{self, Kept};
use crate::tasks::Status;
use crate::{Error, Result};

/// The figures of some users.
#[derive(Debug)]
pub(super) struct Figures {
    kept: BTreeMap<UserId, Kept>,
    counted: BTreeMap<UserId, Kept>,
}

impl Figures {
    /// Reads those of all users from one to another, both included, and what happened from an instant on.
    pub(super) async fn read(
        conn: &mut Conn,
        users: (UserId, UserId),
        since: Timestamp,
    ) -> Result<Self> {
        let queries = vec![
            kept::of_range(users, since),
            statuses(users),
            moments(conn, users, "created_at", since),
            moments(conn, users, "completed_at", since),
        ];
        let answers = conn.snapshot(queries).await?;
        let [kept, statuses, created, completed] = answers.as_slice() else {
            return Err(Error::Internal("four questions have four answers".into()));
        };
        let mut counted: BTreeMap<UserId, Kept> = BTreeMap::new();
        for row in statuses {
            let of_one = counted.entry(row.get("user_id")?).or_default();
            *of_one.by_status.of(row.get::<Status>("status")?) = row.get("tasks")?;
        }
        for row in created {
            let of_one = counted.entry(row.get("user_id")?).or_default();
            let quarter = of_one.quarters.entry(row.get("quarter")?).or_default();
            quarter.created = row.get("tasks")?;
        }
        for row in completed {
            let of_one = counted.entry(row.get("user_id")?).or_default();
            let quarter = of_one.quarters.entry(row.get("quarter")?).or_default();
            quarter.completed = row.get("tasks")?;
        }
        Ok(Figures {
            kept: kept::read(kept)?,
            counted,
        })
    }

    /// What is kept of a user.
    pub(super) fn kept(&self, user: UserId) -> Kept {
        self.kept.get(&user).cloned().unwrap_or_default()
    }

    /// What the user's tasks say.
    pub(super) fn counted(&self, user: UserId) -> Kept {
        let counted = self.counted.get(&user).cloned().unwrap_or_default();
        Kept {
            is_counted: true,
            ..counted
        }
    }
}

/// How many figures are others.
pub(super) fn differences(one: &Kept, other: &Kept) -> usize {
    let statuses = [
        one.by_status.pending != other.by_status.pending,
        one.by_status.in_progress != other.by_status.in_progress,
        one.by_status.completed != other.by_status.completed,
    ];
    let numbers: BTreeSet<i64> = one
        .quarters
        .keys()
        .chain(other.quarters.keys())
        .copied()
        .collect();
    let is_other = |number: &&i64| one.quarters.get(number) != other.quarters.get(number);
    statuses.iter().filter(|is_other| **is_other).count() + numbers.iter().filter(is_other).count()
}

fn statuses((first, last): (UserId, UserId)) -> Query {
    query(
        "SELECT user_id, status, COUNT(*) AS tasks FROM tasks \
         WHERE user_id >= ?1 AND user_id <= ?2 AND deleted_at IS NULL GROUP BY user_id, status",
    )
    .bind(first)
    .bind(last)
}

fn moments(
    conn: &Conn,
    (first, last): (UserId, UserId),
    column: &'static str,
    since: Timestamp,
) -> Query {
    let quarter = dialect::whole_periods(conn.engine(), column, kept::QUARTER);
    // From the beginning of the quarter, as those that are kept.
    let start = kept::quarter_of(since).saturating_mul(i64::from(kept::QUARTER));
    query(format!(
        "SELECT user_id, {quarter} AS quarter, COUNT(*) AS tasks FROM tasks \
         WHERE user_id >= ?1 AND user_id <= ?2 AND {column} >= ?3 AND deleted_at IS NULL \
         GROUP BY user_id, {quarter}"
    ))
    .bind(first)
    .bind(last)
    .bind(Timestamp::from_second(start).unwrap_or(since))
}
