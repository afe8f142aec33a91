//! The OpenAPI document: what the handlers say of themselves, and what is true of all of them.

use serde::Serialize as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Response, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::ProblemBody;

/// The whole document.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = super::v1(base()).split_for_parts();
    let components = document.components.get_or_insert_with(Components::new);
    add_security(components);
    add_problem(components);
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add_problems(operation);
        }
    }
    document
}

/// The document as it is served and kept under version control: with a line end.
#[must_use]
pub fn text() -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"  ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // The document holds nothing that cannot be written as JSON.
    let _ = document().serialize(&mut serializer);
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

fn base() -> OpenApi {
    let about = "Everything the page does, programs can do. Log in with a cookie, or make an API \
                 token in the settings and send it as `Authorization: Bearer …`.\n\n\
                 Dates are `YYYY-MM-DD` in your time zone, instants RFC 3339 in UTC. Lists answer \
                 `{data, next_cursor}`; send `next_cursor` as `cursor` for the next page. Errors \
                 are `application/problem+json` with a stable `code`. Unknown parameters and \
                 members are refused.";
    let info = InfoBuilder::new()
        .title("Duly")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").build(),
        ));
    let tag = |name: &str, about: &str| {
        TagBuilder::new()
            .name(name)
            .description(Some(about))
            .build()
    };
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .tags(Some([
            tag("account", "Your account and how you get into it."),
            tag("sessions", "Where you are logged in."),
            tag("tokens", "API tokens, for programs that act for you."),
            tag(
                "tasks",
                "Tasks, labels, figures and the receipts of reminders.",
            ),
            tag("transfer", "Bringing tasks in and taking them out."),
            tag("page", "What the page tells of itself."),
            tag(
                "admin",
                "How the installation is doing, for administrators who are logged in.",
            ),
        ]))
        .build()
}

fn add_security(components: &mut Components) {
    let session = ApiKeyValue::with_description(
        "duly_session",
        "The cookie of a log-in (`__Host-duly_session` under TLS). Requests that change \
         something must come from the same origin.",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API token. Each operation names the ability it needs; `*` is good for all.",
        ))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
}

fn add_problem(components: &mut Components) {
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// The operations of a path, whatever their method.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Adds what every operation of its kind can be answered with.
fn add_problems(operation: &mut Operation) {
    let possible = problems_of(operation);
    let responses = &mut operation.responses.responses;
    for (status, description) in possible {
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), RefOr::T(problem(description)));
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.starts_with('4')
        {
            describe_problem(response);
        }
    }
}

/// Which problems an operation can have, by what it takes and who may do it.
fn problems_of(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let has = |name: &str| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|found| matches!(found, RefOr::T(known) if known.name == name))
    };
    let (body, secured) = (
        operation.request_body.is_some(),
        operation.security.is_some(),
    );
    let restricted = operation.tags.iter().flatten().any(|tag| tag == "admin");
    let input = body || operation.parameters.is_some();
    let foreign = "The token lacks an ability, or the request comes from another site.";
    [
        (body, "400", "The body cannot be read."),
        (secured, "401", "Log in or send a valid API token."),
        (
            restricted,
            "403",
            "You are no administrator, or the request comes with a token.",
        ),
        (secured && !restricted, "403", foreign),
        (
            has("id"),
            "404",
            "There is no such thing, or it belongs to somebody else.",
        ),
        (
            has("Idempotency-Key"),
            "409",
            "A request with the same key is being worked on.",
        ),
        (
            has("If-Match"),
            "412",
            "It has changed since the version in `If-Match`.",
        ),
        (body, "413", "The body is too large."),
        (body, "415", "The body is of another type."),
        (
            input,
            "422",
            "Something in the request is wrong; `errors` says what.",
        ),
        (true, "default", "Any other problem: 406, 408, 5xx."),
    ]
    .into_iter()
    .filter_map(|(applies, status, about)| applies.then_some((status, about)))
    .collect()
}

fn problem(description: &str) -> Response {
    let mut response = ResponseBuilder::new().description(description).build();
    describe_problem(&mut response);
    response
}

fn describe_problem(response: &mut Response) {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    response
        .content
        .insert("application/problem+json".to_owned(), RefOr::T(content));
}
