//! Applying what is missing.

use jiff::Timestamp;

use super::ledger::{Standing, give_turn, is_all_or_nothing, make_table, take_turn};
use super::{MigrationSet, Plan, Report, Step, statements};
use crate::{Db, Error, Result, Tx, query};

pub(super) async fn missing(db: &Db, sets: &[MigrationSet], now: Timestamp) -> Result<Report> {
    let engine = db.engine();
    // Rewriting a large table takes longer than a request may.
    let mut tx = db.begin_without_limits();
    take_turn(&mut tx, engine).await?;
    tx.execute(make_table(engine)).await?;
    let plan = Plan::make(&mut tx, engine, sets).await;
    if is_all_or_nothing(engine) {
        let plan = plan?;
        for step in &plan.missing {
            apply(&mut tx, step, now).await?;
        }
        tx.commit().await?;
        return Ok(plan.report());
    }
    let applied = match &plan {
        Ok(plan) => apply_in_pieces(db, plan, now).await,
        Err(_) => Ok(()),
    };
    // The connection outlives its transaction, and the lock would with it.
    give_turn(&mut tx, engine).await?;
    tx.commit().await?;
    applied?;
    plan.map(Plan::report)
}

async fn apply(tx: &mut Tx, step: &Step, now: Timestamp) -> Result<()> {
    for statement in statements(step.text) {
        let applied = tx.execute(query(statement.clone())).await;
        applied.map_err(|error| failure(step, &statement, &error, ""))?;
    }
    let record =
        query("INSERT INTO schema_migrations (name, checksum, applied_at) VALUES (?1, ?2, ?3)")
            .bind(&step.name)
            .bind(&step.checksum)
            .bind(now);
    tx.execute(record).await.map(|_| ())
}

/// Runs the statements in a transaction that each of them may end, and writes down before each
/// which it is: the effect and the note of it cannot be had together.
async fn apply_in_pieces(db: &Db, plan: &Plan, now: Timestamp) -> Result<()> {
    let mut tx = db.begin_without_limits();
    for step in &plan.missing {
        if let Err(stop) = apply_rest(&mut tx, step, now).await {
            return Err(stopped(db, step, stop).await);
        }
    }
    tx.commit().await
}

/// The statement a step stopped at, if it was one of its own, and why.
struct Stop {
    statement: String,
    error: Error,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop {
            statement: "the notes in schema_migrations".into(),
            error,
        }
    }
}

async fn apply_rest(tx: &mut Tx, step: &Step, now: Timestamp) -> std::result::Result<(), Stop> {
    let first = start(tx, step).await?;
    for (number, statement) in (1_i64..).zip(statements(step.text)).skip(first - 1) {
        if let Err(error) = tx.execute(query(statement.clone())).await {
            return Err(Stop { statement, error });
        }
        let done = query("UPDATE schema_migrations SET next_statement = ?2 WHERE name = ?1");
        tx.execute(done.bind(&step.name).bind(number + 1)).await?;
    }
    let finish =
        query("UPDATE schema_migrations SET applied_at = ?2, in_doubt = FALSE WHERE name = ?1");
    tx.execute(finish.bind(&step.name).bind(now)).await?;
    Ok(())
}

/// Notes that the step is being applied, and answers from which statement on.
async fn start(tx: &mut Tx, step: &Step) -> Result<usize> {
    if let Standing::Stopped { statement } = step.standing {
        let resume = query("UPDATE schema_migrations SET in_doubt = TRUE WHERE name = ?1");
        tx.execute(resume.bind(&step.name)).await?;
        return Ok(statement.max(1));
    }
    let start = query(
        "INSERT INTO schema_migrations (name, checksum, applied_at, next_statement, in_doubt) \
         VALUES (?1, ?2, NULL, 1, TRUE)",
    );
    tx.execute(start.bind(&step.name).bind(&step.checksum))
        .await?;
    Ok(1)
}

/// A statement that the server refused has had no effect; of one without an answer nobody knows.
async fn stopped(db: &Db, step: &Step, Stop { statement, error }: Stop) -> Error {
    let mut advice = "";
    if !matches!(error, Error::Unavailable(_)) && be_certain(db, step).await.is_ok() {
        advice = "; what came before it is kept: remove the cause and start again, and the \
                  migration goes on from here";
    }
    failure(step, &statement, &error, advice)
}

async fn be_certain(db: &Db, step: &Step) -> Result<()> {
    let mut tx = db.begin();
    let certain = query("UPDATE schema_migrations SET in_doubt = FALSE WHERE name = ?1");
    tx.execute(certain.bind(&step.name)).await?;
    tx.commit().await
}

fn failure(step: &Step, statement: &str, error: &Error, advice: &str) -> Error {
    let text = format!(
        "migration {} failed: {error}; in: {statement}{advice}",
        step.name
    );
    match error {
        Error::Misconfigured(_) => Error::Misconfigured(text),
        _ => Error::Other(text),
    }
}
