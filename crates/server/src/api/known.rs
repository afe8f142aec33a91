//! Answers that are known are given before a handler is looked for. Most requests are for such
//! answers, and finding a handler and reading the request for it takes longer than looking one up.

use std::sync::Arc;

use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use duly_tracker::tokens::Ability;

use super::kept;
use super::permit::{view_of, visitor};
use crate::app::Context;
use crate::limits::Toll;

/// Answers from memory, or says why whoever asks is not answered. Otherwise it is up to the handler,
/// who is told who asks.
pub(crate) async fn answer(
    context: &Context,
    request: &mut Parts,
    toll: Option<&Arc<Toll>>,
) -> Option<Response> {
    let ability = needed(&request.method, request.uri.path())?;
    let view = view_of(&request.uri);
    let visitor = match visitor(context, &request.headers, toll, Some(view), true).await {
        Ok(visitor) => visitor,
        Err(problem) => return Some(problem.into_response()),
    };
    if visitor.principal.require(ability).is_ok()
        && let Some(entry) = context.tracker.cache.ready(&visitor.visit, view)
    {
        return Some(kept::served(context, &request.headers, &entry));
    }
    request.extensions.insert(Arc::new(visitor));
    None
}

/// What a token has to be good for to be shown what is kept for a URL.
fn needed(method: &Method, path: &str) -> Option<Ability> {
    if method != Method::GET {
        return None;
    }
    match path.strip_prefix("/api/v1/")? {
        "tasks" | "labels" | "statistics" | "notifications" => Some(Ability::TasksRead),
        "me" => Some(Ability::AccountRead),
        below => {
            let task = below.strip_prefix("tasks/")?;
            let task = task.strip_suffix("/activity").unwrap_or(task);
            (!task.contains('/')).then_some(Ability::TasksRead)
        }
    }
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::security::SecurityRequirement;

    use super::*;

    /// The handlers say by their documentation what is kept, and what it needs.
    #[test]
    fn what_is_kept_needs_what_its_handler_needs() {
        let mut kept = 0;
        for (path, item) in &super::super::document::document().paths.paths {
            let Some(get) = &item.get else { continue };
            let path = path.replace("{id}", "01a2099c-5120-7e53-8c3f-a25a37c8e4a4");
            let needed = needed(&Method::GET, &path);
            if !get.responses.responses.contains_key("304") {
                assert_eq!(needed, None, "{path}");
                continue;
            }
            kept += 1;
            let ability = needed.expect(&path).name().to_owned();
            let security = get.security.as_deref().unwrap_or_default();
            assert!(
                security.contains(&SecurityRequirement::new("token", [ability])),
                "{path}"
            );
            assert_eq!(super::needed(&Method::HEAD, &path), None);
        }
        assert!(kept >= 7, "{kept}");
    }
}
