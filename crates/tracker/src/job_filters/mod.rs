//! Which jobs an administrator looks at again and again, by names of their own.

use std::collections::BTreeMap;

use duly_db::dialect::insert_or_change;
use duly_db::{FromRow, Row, query};
use jiff::Timestamp;

use crate::{Error, Result, Tracker, UserId};

/// So many filters one administrator has at most.
pub const MOST: usize = 50;

/// What a filter says: words by the names of the parameters that list jobs.
pub type Words = BTreeMap<String, String>;

/// A filter with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFilter {
    /// What its administrator calls it.
    pub name: String,
    /// What it says.
    pub words: Words,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

impl FromRow for JobFilter {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let words: String = row.get("words")?;
        let words = serde_json::from_str(&words).map_err(|error| {
            duly_db::Error::Decode(format!("the words of a filter of jobs: {error}"))
        })?;
        Ok(JobFilter {
            name: row.get("name")?,
            words,
            saved_at: row.get("saved_at")?,
        })
    }
}

/// The filters of an administrator, in the order of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tracker: &Tracker, user: UserId) -> Result<Vec<JobFilter>> {
    let select = query("SELECT name, words, saved_at FROM job_filters WHERE user_id = ?1");
    let mut filters: Vec<JobFilter> = tracker.db.read_fresh().all(select.bind(user)).await?;
    filters.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(filters)
}

/// Saves a filter; one of the same name says this from now on.
///
/// # Errors
/// [`Error::Invalid`] when there are [`MOST`] others, else when the database does not answer.
pub async fn save(tracker: &Tracker, user: UserId, name: &str, words: &Words) -> Result<()> {
    let others = list(tracker, user).await?;
    if others.iter().filter(|other| other.name != name).count() >= MOST {
        let message = format!("you have {MOST} already");
        return Err(Error::field("id", "too_many", message));
    }
    let words = serde_json::to_string(words).map_err(|error| Error::Internal(error.to_string()))?;
    let mut tx = tracker.db.begin();
    let save = insert_or_change(
        tx.engine(),
        "INSERT INTO job_filters (user_id, name, words, saved_at) VALUES (?1, ?2, ?3, ?4)",
        "user_id, name",
        &["words", "saved_at"],
    );
    let save = query(save)
        .bind(user)
        .bind(name)
        .bind(words)
        .bind(tracker.clock.now());
    tx.execute(save).await?;
    Ok(tx.commit().await?)
}

/// Deletes a filter, if there is one of this name.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tracker: &Tracker, user: UserId, name: &str) -> Result<()> {
    let mut tx = tracker.db.begin();
    let delete = query("DELETE FROM job_filters WHERE user_id = ?1 AND name = ?2");
    tx.execute(delete.bind(user).bind(name)).await?;
    Ok(tx.commit().await?)
}
