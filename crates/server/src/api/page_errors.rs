//! `/page-errors`

use duly_tracker::Error;
use duly_tracker::input::{Field, FromText, Reader, Wrong, bounded_text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::JsonBody;
use super::permit::SessionOnly;
use super::reply::{self, Reply};
use crate::error_reports::PAGE;

/// Something that went wrong in the page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageErrorInput {
    /// Which kind of error it is, as the browser calls it.
    #[serde(default)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 100)]
    kind: Field<Text<100, ONE_LINE>>,
    /// What it says.
    #[serde(default)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 1000)]
    message: Field<Text<1000, LINES>>,
    /// The screen, without what it shows: `/admin/jobs/$id`.
    #[serde(default)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 200)]
    screen: Field<Text<200, ONE_LINE>>,
    /// Where it happened, as the browser says it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 8000)]
    stack: Field<Text<8000, LINES>>,
}

const ONE_LINE: bool = false;
const LINES: bool = true;

/// Text of so many characters at most. What is written into the log as it is has one line: nobody writes others there.
#[derive(Debug)]
struct Text<const LONGEST: usize, const MAY_HAVE_LINES: bool>(String);

impl<const LONGEST: usize, const MAY_HAVE_LINES: bool> FromText for Text<LONGEST, MAY_HAVE_LINES> {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let allowed: &[char] = match MAY_HAVE_LINES {
            true => &['\n', '\r', '\t'],
            false => &[],
        };
        bounded_text(text, 1, LONGEST, allowed)?;
        Ok(Text(text.to_owned()))
    }
}

/// Takes note of an error in the page. It is logged, and told to whoever collects errors.
#[utoipa::path(
    post,
    path = "/api/v1/page-errors",
    operation_id = "reportPageError",
    tag = "page",
    request_body(content = PageErrorInput),
    responses((status = 202, description = "Taken note of.")),
    security(("session" = []))
)]
pub(crate) async fn report(_: SessionOnly, body: JsonBody<PageErrorInput>) -> Reply {
    let input = body.value;
    let mut reader = Reader::new();
    let kind = reader.required("kind", input.kind);
    let message = reader.required("message", input.message);
    let screen = reader.required("screen", input.screen);
    let stack = reader.optional("stack", input.stack);
    reader.finish()?;
    let (Some(Text(kind)), Some(Text(message)), Some(Text(screen))) = (kind, message, screen)
    else {
        return Err(Error::Internal("a checked error".into()).into());
    };
    let stack = stack.map(|Text(stack)| stack).unwrap_or_default();
    tracing::error!(target: PAGE, error = message, screen, stack, "{kind}");
    Ok(reply::accepted())
}
