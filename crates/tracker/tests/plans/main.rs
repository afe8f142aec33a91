//! How each engine finds the rows of the queries that run most: always by an index, without
//! sorting and without a temporary table, and in the same way however many rows there are.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod plan;
mod sowing;
mod usage;

use std::collections::BTreeMap;
use std::time::Duration;

use duly_tracker::testing::TestTracker;

use plan::Plan;
use sowing::Sowing;

/// Texts as the slow-query table writes them, with their plans.
type Plans = BTreeMap<String, Plan>;

#[tokio::test]
async fn frequent_queries_seek_among_100_000_tasks_as_among_5_000() {
    // Every statement counts as slow, so each one's text is kept with what was bound to it.
    let app = TestTracker::with_options(|options| {
        options.slow_query = Duration::ZERO;
        options.statement_timeout = Duration::from_secs(60);
    })
    .await;
    let mut sowing = Sowing::default();
    sowing.grow_to(&app, 5_000).await;
    let few = plans(&app, &sowing).await;
    sowing.grow_to(&app, 100_000).await;
    let many = plans(&app, &sowing).await;
    let mut problems = Vec::new();
    for (text, plan) in &many {
        for problem in plan.problems() {
            if is_in_no_order(text) && !problem.starts_with("it reads a whole") {
                continue;
            }
            problems.push(format!("{problem}\n  {text}\n{plan}"));
        }
        match few.get(text) {
            Some(before) if before.shape() != plan.shape() => problems.push(format!(
                "with more rows it is found another way\n  {text}\n{before}then\n{plan}"
            )),
            _ => {}
        }
    }
    assert!(many.len() > 25, "only {} queries were seen", many.len());
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// All rows of an owner are summed up in whichever way the engine likes. So it is with the tasks
/// that carry a label: who has few sorts them, who has many finds them in the order of the list.
fn is_in_no_order(text: &str) -> bool {
    text.contains(" GROUP BY ") || text.contains("FROM task_labels WHERE")
}

/// Uses the product as people and workers do, and answers how each query was run.
async fn plans(app: &TestTracker, sowing: &Sowing) -> Plans {
    usage::use_everything(app, sowing).await;
    let mut plans = Plans::new();
    for query in app.db.slow_queries().data {
        let is_sowing = !query.worst.caller.contains("/src/");
        if is_sowing || plan::is_housekeeping(&query.text) {
            continue;
        }
        if let Some(lines) = app.db.explain_worst(&query.id).await.unwrap() {
            plans.insert(query.text, Plan::new(app.db.engine(), lines));
        }
    }
    plans
}
