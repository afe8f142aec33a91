//! Applying what is missing.

use jiff::Timestamp;

use super::ledger::{Standing, is_all_or_nothing, make_table, take_turn};
use super::{MigrationSet, Plan, Report, Step, statements};
use crate::server::Session;
use crate::{Db, Engine, Error, Query, Result, query};

pub(super) async fn missing(db: &Db, sets: &[MigrationSet], now: Timestamp) -> Result<Report> {
    let engine = db.engine();
    if engine == Engine::Sqlite {
        return in_file(db, sets, now).await;
    }
    let mut session = db.session().await?;
    take_turn(&mut session).await?;
    session.change(make_table(engine)).await?;
    let plan = Plan::make(&mut db.read_fresh(), engine, sets).await?;
    if is_all_or_nothing(engine) {
        together(&mut session, &plan, now).await?;
    } else {
        for step in &plan.missing {
            in_pieces(&mut session, step, now).await?;
        }
    }
    Ok(plan.report())
}

/// Nobody else can change anything from the first statement on.
async fn in_file(db: &Db, sets: &[MigrationSet], now: Timestamp) -> Result<Report> {
    // Rewriting a large table takes longer than a request may.
    let mut tx = db.begin_without_limits();
    tx.execute(make_table(Engine::Sqlite)).await?;
    let plan = Plan::make(&mut tx, Engine::Sqlite, sets).await?;
    for step in &plan.missing {
        for statement in statements(step.text) {
            let done = tx.execute(query(statement.clone())).await;
            done.map_err(|error| failure(step, &statement, &error, ""))?;
        }
        tx.execute(record(step, now)).await?;
    }
    tx.commit().await?;
    Ok(plan.report())
}

/// All steps in one transaction; it ends early before those that no transaction may hold.
async fn together(session: &mut Session, plan: &Plan, now: Timestamp) -> Result<()> {
    session.run("BEGIN").await?;
    for step in &plan.missing {
        let is_alone = statements(step.text).any(|text| text.contains(" CONCURRENTLY "));
        if is_alone {
            session.run("COMMIT").await?;
        }
        for statement in statements(step.text) {
            let done = session.run(&statement).await;
            done.map_err(|error| failure(step, &statement, &error, ""))?;
        }
        if is_alone {
            session.run("BEGIN").await?;
        }
        session.change(record(step, now)).await?;
    }
    session.run("COMMIT").await
}

fn record(step: &Step, now: Timestamp) -> Query {
    query("INSERT INTO schema_migrations (name, checksum, applied_at) VALUES (?1, ?2, ?3)")
        .bind(&step.name)
        .bind(&step.checksum)
        .bind(now)
}

/// Writes down before each statement which it is: its effect and the note of it cannot be had
/// together, so while it runs the step is in doubt.
async fn in_pieces(session: &mut Session, step: &Step, now: Timestamp) -> Result<()> {
    let first = start(session, step).await?;
    for (number, statement) in (1_i64..).zip(statements(step.text)).skip(first - 1) {
        if let Err(error) = session.run(&statement).await {
            return Err(stopped(session, step, &statement, &error).await);
        }
        let done = query("UPDATE schema_migrations SET next_statement = ?2 WHERE name = ?1");
        session
            .change(done.bind(&step.name).bind(number + 1))
            .await?;
    }
    let finish =
        query("UPDATE schema_migrations SET applied_at = ?2, in_doubt = FALSE WHERE name = ?1");
    session.change(finish.bind(&step.name).bind(now)).await?;
    Ok(())
}

/// Notes that the step is being applied, and answers from which statement on.
async fn start(session: &mut Session, step: &Step) -> Result<usize> {
    if let Standing::Stopped { statement } = step.standing {
        let resume = query("UPDATE schema_migrations SET in_doubt = TRUE WHERE name = ?1");
        session.change(resume.bind(&step.name)).await?;
        return Ok(statement.max(1));
    }
    let start = query(
        "INSERT INTO schema_migrations (name, checksum, applied_at, next_statement, in_doubt) \
         VALUES (?1, ?2, NULL, 1, TRUE)",
    );
    session
        .change(start.bind(&step.name).bind(&step.checksum))
        .await?;
    Ok(1)
}

/// A statement that the server refused has had no effect; of one without an answer nobody knows.
async fn stopped(session: &mut Session, step: &Step, statement: &str, error: &Error) -> Error {
    let certain = query("UPDATE schema_migrations SET in_doubt = FALSE WHERE name = ?1");
    let is_certain = !matches!(error, Error::Unavailable(_))
        && session.change(certain.bind(&step.name)).await.is_ok();
    let advice = if is_certain {
        "; what came before it is kept: remove the cause and start again, and the migration goes \
         on from here"
    } else {
        ""
    };
    failure(step, statement, error, advice)
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
