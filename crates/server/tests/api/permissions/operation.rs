//! The operations of the OpenAPI document, and how to send each

use serde_json::{Value, json};

use super::Owner;
use crate::support::{Answer, Client, TestApp};

const PASSWORD: &str = "correct horse battery";

/// An operation as the document describes it.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    /// The ability a token needs; `None` when no token will do.
    pub(super) ability: Option<String>,
    /// Whether only administrators may do it.
    pub(super) restricted: bool,
    /// Whether everybody may do it.
    pub(super) open: bool,
    pub(super) success: u16,
    pub(super) has_json_body: bool,
}

/// Every operation of the document.
pub(super) async fn operations(app: &TestApp) -> Vec<Operation> {
    let document = app
        .anonymous()
        .get("/api/openapi.json")
        .await
        .expect(200)
        .json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            operations.push(read_operation(path, method, operation));
        }
    }
    assert!(operations.len() >= 29, "{} operations", operations.len());
    operations
}

fn read_operation(path: &str, method: &str, operation: &Value) -> Operation {
    let security = operation["security"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let ability = security
        .iter()
        .find_map(|way| way["token"][0].as_str())
        .map(str::to_owned);
    let responses = operation["responses"].as_object().expect("responses");
    let success = responses
        .keys()
        .find(|status| status.starts_with('2'))
        .expect("a success");
    Operation {
        id: operation["operationId"].as_str().expect("an id").to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        ability,
        restricted: security.iter().any(|way| way["session"][0] == "admin"),
        open: security.is_empty(),
        success: success.parse().expect("a status"),
        has_json_body: operation["requestBody"]["content"]
            .get("application/json")
            .is_some(),
    }
}

/// The operations that need no body.
const BODILESS: [&str; 49] = [
    "logOut",
    "resendConfirmation",
    "getAccount",
    "listSessions",
    "getSession",
    "revokeSession",
    "revokeOtherSessions",
    "listTokens",
    "getToken",
    "revokeToken",
    "revokeAllTokens",
    "listTasks",
    "getTask",
    "deleteTask",
    "restoreTask",
    "listLabels",
    "getStatistics",
    "listActivity",
    "listenToEvents",
    "listNotifications",
    "importTasks",
    "exportTasks",
    "getCache",
    "getDatabase",
    "getQueues",
    "listJobTags",
    "listJobFilters",
    "deleteJobFilter",
    "watchJobTag",
    "unwatchJobTag",
    "resumeQueue",
    "resumeJobKind",
    "listReceipts",
    "listBatches",
    "getBatch",
    "cancelBatch",
    "getBalanceSettings",
    "resetQueueLimits",
    "listSchedules",
    "runSchedule",
    "resumeSchedule",
    "listJobs",
    "getJob",
    "listJobFailures",
    "listJobMeasures",
    "listJobActions",
    "listQueueDecisions",
    "listSlowQueries",
    "explainSlowQuery",
];

/// A body that is good for the operation, when it is done by the owner. An operation without
/// parameters and body needs none; a new operation with either has to be added here.
pub(super) fn body(operation: &Operation, owner: &Owner) -> Option<Value> {
    let email = format!("{}@example.org", owner.name);
    Some(match operation.id.as_str() {
        "register" => {
            json!({ "name": "New", "email": format!("new.{email}"), "password": PASSWORD })
        }
        "logIn" => json!({ "email": email, "password": PASSWORD }),
        "forgotPassword" => json!({ "email": email }),
        "resetPassword" => json!({ "token": "unknown", "password": PASSWORD }),
        "confirmEmail" => json!({ "token": "unknown" }),
        "changeAccount" => json!({ "name": "Changed" }),
        "createToken" => json!({ "name": "New", "abilities": ["tasks:read"] }),
        "createTask" => json!({ "title": "New" }),
        "changeTask" => json!({ "title": "Changed" }),
        "changeTasks" => json!({ "ids": [owner.task], "change": { "title": "Changed" } }),
        "reportPageError" => json!({ "kind": "Error", "message": "No", "screen": "/tasks" }),
        "pauseQueue" | "pauseJobKind" | "pauseSchedule" => json!({ "reason": "a test" }),
        "changeQueueLimits" => json!({ "max": 5 }),
        "replayDecisions" => json!({ "hours": 1 }),
        "retryJobs" => json!({ "jobs": { "ids": [owner.job] } }),
        "saveJobFilter" => json!({ "state": "failed" }),
        "countJobs" => json!({ "action": "cancel", "jobs": { "ids": [owner.job] } }),
        "cancelJobs" | "forgetJobs" => json!({ "ids": [owner.job] }),
        id if BODILESS.contains(&id) => return None,
        unknown => panic!("operation {unknown} is not covered; say here what its body is"),
    })
}

/// Sends the operation with a good body, to what belongs to the owner.
pub(super) async fn attempt(operation: &Operation, by: &Client, on: &Owner) -> Answer {
    let id = match operation.path.as_str() {
        path if !path.contains('{') => String::new(),
        "/api/v1/tasks/{id}/restore" => on.trashed.clone(),
        path if path.starts_with("/api/v1/tasks/{id}") => on.task.clone(),
        "/api/v1/sessions/{id}" => on.other_session.clone(),
        "/api/v1/tokens/{id}" => on.token.clone(),
        "/api/v1/admin/slow-queries/{id}/plan" => on.slow_query.clone(),
        "/api/v1/admin/jobs/{id}" => on.job.clone(),
        path if path.starts_with("/api/v1/admin/queues/") => on.queue.clone(),
        path if path.starts_with("/api/v1/admin/batches/") => on.batch.clone(),
        path if path.starts_with("/api/v1/admin/schedules/") => on.schedule.clone(),
        path if path.starts_with("/api/v1/admin/job-kinds/") => on.kind.clone(),
        path if path.starts_with("/api/v1/admin/job-filters/") => "mails".to_owned(),
        path if path.starts_with("/api/v1/admin/job-tags/") => "user:ann".to_owned(),
        path => panic!("{path} is not covered; say here what its id is"),
    };
    let method = match operation.id.as_str() {
        // Its answer to GET has no end.
        "listenToEvents" => "HEAD",
        _ => &operation.method,
    };
    let ask = by.ask(method, &operation.path.replace("{id}", &id));
    match body(operation, on) {
        Some(body) => ask.json(&body).await,
        None if operation.id == "importTasks" => {
            ask.body(
                "application/octet-stream",
                b"(A) 2026-11-20 Call mother due:2026-11-30\n",
            )
            .await
        }
        None => ask.await,
    }
}
