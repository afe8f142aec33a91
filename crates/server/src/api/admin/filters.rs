//! `/admin/job-filters`: lists of jobs that an administrator looks at again and again

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_tracker::Page;
use duly_tracker::input::{Field, Reader};
use duly_tracker::job_filters::{self, JobFilter, Words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chosen::{InState, Word};
use super::records::JobState;
use crate::api::input::{Id, JsonBody, Parameters};
use crate::api::permit::Admin;
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// A list of jobs with a name, by the parameters of `GET /api/v1/admin/jobs`. It belongs to one administrator.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedJobFilter {
    /// What it is called.
    name: String,
    /// In which state.
    state: Option<String>,
    /// Those of a queue.
    queue: Option<String>,
    /// Those of a kind.
    kind: Option<String>,
    /// Those with a tag.
    tag: Option<String>,
    /// Those of an owner.
    owner: Option<String>,
    /// Those with this in their data or error.
    text: Option<String>,
    /// Failures that look alike.
    fingerprint: Option<String>,
    /// When it was saved last.
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
}

impl From<JobFilter> for SavedJobFilter {
    fn from(mut filter: JobFilter) -> Self {
        let mut word = |name: &str| filter.words.remove(name);
        SavedJobFilter {
            state: word("state"),
            queue: word("queue"),
            kind: word("kind"),
            tag: word("tag"),
            owner: word("owner"),
            text: word("text"),
            fingerprint: word("fingerprint"),
            name: filter.name,
            saved_at: filter.saved_at,
        }
    }
}

/// What a list shows.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobFilterInput {
    /// In which state.
    #[serde(default)]
    #[schema(value_type = Option<JobState>)]
    state: Field<InState>,
    /// Those of a queue.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    queue: Field<Word>,
    /// Those of a kind.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: Field<Word>,
    /// Those with a tag.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tag: Field<Word>,
    /// Those of an owner.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    owner: Field<Word>,
    /// Those with this in their data or error.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    text: Field<Word>,
    /// Failures that look alike.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    fingerprint: Field<Word>,
}

impl JobFilterInput {
    fn read(self, reader: &mut Reader) -> Words {
        let mut words = Words::new();
        if let Some(state) = reader.optional("state", self.state) {
            words.insert("state".to_owned(), state.word().to_owned());
        }
        for (name, field) in [
            ("queue", self.queue),
            ("kind", self.kind),
            ("tag", self.tag),
            ("owner", self.owner),
            ("text", self.text),
            ("fingerprint", self.fingerprint),
        ] {
            if let Some(Word(word)) = reader.optional(name, field) {
                words.insert(name.to_owned(), word);
            }
        }
        words
    }
}

/// Lists the filters one has saved.
#[utoipa::path(
    get,
    path = "/api/v1/admin/job-filters",
    operation_id = "listJobFilters",
    tag = "admin",
    responses((status = 200, description = "One's own filters, by their names.", body = Page<SavedJobFilter>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn filters(
    State(context): State<Arc<Context>>,
    admin: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let filters = job_filters::list(&context.tracker, admin.principal.user).await?;
    let page: Page<SavedJobFilter> = Page::whole(filters.into_iter().map(Into::into).collect());
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Saves a filter under a name of one's own: at most 50. One of the same name is another from then on.
#[utoipa::path(
    put,
    path = "/api/v1/admin/job-filters/{id}",
    operation_id = "saveJobFilter",
    tag = "admin",
    params(("id" = String, Path, description = "Its name, of 1 to 60 characters.")),
    request_body = JobFilterInput,
    responses((status = 204, description = "It is saved.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn save_filter(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
    body: JsonBody<JobFilterInput>,
) -> Reply {
    let mut reader = Reader::new();
    let words = body.value.read(&mut reader);
    if let Err(wrong) = duly_tracker::input::bounded_text(&name, 1, 60, &[]) {
        reader.refuse("id", wrong.code, wrong.message);
    }
    reader.finish()?;
    job_filters::save(&context.tracker, admin.principal.user, &name, &words).await?;
    Ok(reply::no_content())
}

/// Deletes a filter.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/job-filters/{id}",
    operation_id = "deleteJobFilter",
    tag = "admin",
    params(("id" = String, Path, description = "Its name.")),
    responses((status = 204, description = "There is none of this name.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn delete_filter(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    job_filters::delete(&context.tracker, admin.principal.user, &name).await?;
    Ok(reply::no_content())
}
