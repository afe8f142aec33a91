//! `/import` and `/export`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use duly_tracker::input::{FromText, Reader};
use duly_tracker::transfer::{self, Export, ExportFormat, Format, Options, Report};
use futures_util::stream;

use super::input::{FileBody, Parameters};
use super::permit::{Permit, TasksRead, TasksWrite};
use super::problem::{Code, Problem};
use super::reply::{self, Reply};
use crate::app::Context;

/// Brings tasks in from a file of another program.
///
/// All or nothing: when a row is refused, nothing is written (422 `import_refused` with the
/// report), unless `keep_going`. Rows that were imported before change nothing.
#[utoipa::path(
    post,
    path = "/api/v1/import",
    operation_id = "importTasks",
    tag = "transfer",
    params(
        ("format" = Option<String>, Query, description = "`auto` (when left out), `taskwarrior`, `todotxt`, `ics`, `todoist` or `duly`."),
        ("dry_run" = Option<bool>, Query, description = "`true` only says what would happen."),
        ("keep_going" = Option<bool>, Query, description = "`true` imports the good rows even when others are refused."),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file, at most 10 MiB."),
    responses((status = 200, description = "What became of each row.", body = Report)),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn import(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    parameters: Parameters,
    body: FileBody,
) -> Reply {
    let options = import_options(&parameters)?;
    let principal = &permit.principal;
    let report = transfer::import(
        &context.tracker,
        &principal.actor(),
        &principal.time_zone,
        body.bytes.into(),
        options,
    )
    .await?;
    if report.stopped && !report.dry_run {
        let report = serde_json::to_value(&report).ok().map(Box::new);
        return Err(Problem {
            report,
            ..Problem::new(Code::ImportRefused)
        });
    }
    Ok(reply::json(StatusCode::OK, &report)?)
}

fn import_options(parameters: &Parameters) -> Result<Options, Problem> {
    let [format, dry_run, keep_going] = parameters.only(["format", "dry_run", "keep_going"])?;
    let mut reader = Reader::new();
    let format = format.filter(|format| *format != "auto");
    let options = Options {
        format: format.and_then(|text| read(&mut reader, "format", text, Format::from_text)),
        dry_run: flag(&mut reader, "dry_run", dry_run),
        keep_going: flag(&mut reader, "keep_going", keep_going),
    };
    reader.finish()?;
    Ok(options)
}

fn flag(reader: &mut Reader, name: &str, given: Option<&str>) -> bool {
    match given {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            reader.refuse(name, "unknown_value", "must be true or false");
            false
        }
    }
}

fn read<T>(
    reader: &mut Reader,
    name: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, duly_tracker::input::Wrong>,
) -> Option<T> {
    parse(text)
        .map_err(|wrong| reader.refuse(name, wrong.code, wrong.message))
        .ok()
}

/// Takes all tasks outside the trash out as one file.
#[utoipa::path(
    get,
    path = "/api/v1/export",
    operation_id = "exportTasks",
    tag = "transfer",
    params(("format" = Option<String>, Query, description = "`json` (when left out; can be imported again), `csv`, `todotxt` or `ics`.")),
    responses((status = 200, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>)),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn export(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksRead>,
    parameters: Parameters,
) -> Reply {
    let [format] = parameters.only(["format"])?;
    let mut reader = Reader::new();
    let text = format.unwrap_or("json");
    let format = read(&mut reader, "format", text, ExportFormat::from_text);
    reader.finish()?;
    let principal = &permit.principal;
    let format = format.unwrap_or(ExportFormat::Json);
    let file = transfer::export(
        &context.tracker,
        principal.user,
        &principal.time_zone,
        format,
    )
    .await?;
    let kind = HeaderValue::from_static(file.content_type);
    let disposition = format!("attachment; filename=\"{}\"", file.file_name);
    let mut response = Body::from_stream(chunks(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// A failure midway ends the connection, so that nobody takes half a file for the whole.
fn chunks(file: Export) -> impl futures_util::Stream<Item = Result<Bytes, duly_tracker::Error>> {
    stream::try_unfold(file, |mut file| async move {
        let chunk = file.next_chunk().await?;
        Ok(chunk.map(|chunk| (Bytes::from(chunk), file)))
    })
}
