//! The one way an error is answered: problem details (RFC 9457) with stable codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use duly_cache::limits::Standing;
use duly_tracker::input::FieldError;
use duly_tracker::{Error, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::seconds;

/// One table: name in the code, stable code, status, title. A test compares it with the
/// documentation, so that a change is seen.
macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title:literal;)*) => {
        /// What can be answered instead of what was asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each one's title says it")]
        pub enum Code { $($variant),* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// Stable and for programs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $code),* }
            }

            /// The status it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),* }
            }

            /// For people; the same for every problem with this code.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),* }
            }
        }
    };
}

codes! {
    Malformed "malformed_body" BAD_REQUEST "The body cannot be read";
    Unauthenticated "unauthenticated" UNAUTHORIZED "Log in or send a valid API token";
    WrongCredentials "wrong_credentials" UNAUTHORIZED "The e-mail or the password is wrong";
    MissingAbility "missing_ability" FORBIDDEN "The API token lacks an ability";
    SessionOnly "session_only" FORBIDDEN "API tokens may not do this";
    AdministratorsOnly "administrators_only" FORBIDDEN "Only administrators may do this";
    RegistrationClosed "registration_closed" FORBIDDEN "Nobody can register here";
    InvitationNeeded "invitation_needed" FORBIDDEN "Registering needs an invitation";
    ForeignOrigin "foreign_origin" FORBIDDEN "The request comes from another site";
    NotFound "not_found" NOT_FOUND "There is no such thing";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This URL does not take this method";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "Accept rules out the kind of the answer";
    BodyTimeout "body_timeout" REQUEST_TIMEOUT "The body did not arrive in time";
    InFlight "idempotency_in_flight" CONFLICT "A request with this key is being worked on";
    LinkExpired "link_expired" GONE "The link is not valid any more";
    VersionMismatch "version_mismatch" PRECONDITION_FAILED "It has changed since that version";
    TooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        "The body must be of another type";
    Invalid "invalid" UNPROCESSABLE_ENTITY "Something in the request is wrong";
    KeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "The idempotency key belongs to another request";
    ImportRefused "import_refused" UNPROCESSABLE_ENTITY
        "Nothing was imported, because rows were refused";
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too many requests";
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Not available at the moment, try again";
}

/// An error to be answered. [`crate::http`] writes its body, because only there the request's id
/// is known.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which.
    pub code: Code,
    /// More about this very case.
    pub detail: Option<String>,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u64>,
    /// What the limits say, when they refuse.
    pub standing: Option<Box<Standing>>,
    /// What came of an import that was refused.
    pub report: Option<Box<serde_json::Value>>,
    /// What is logged and never shown.
    pub internal: Option<String>,
    /// Whether nothing was kept only because somebody else was in the way, so that the same request
    /// is worth doing again at once.
    pub is_conflict: bool,
}

impl Problem {
    /// A problem about which its title says all.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Problem {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            standing: None,
            report: None,
            internal: None,
            is_conflict: false,
        }
    }

    /// Wrong fields.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Problem {
            errors,
            ..Problem::new(Code::Invalid)
        }
    }

    /// Too many requests, by what the limits say.
    #[must_use]
    pub fn too_many(standing: Standing) -> Self {
        let wait = seconds(standing.retry_after());
        let detail = match wait {
            1 => "Try again in a second.".into(),
            2..=90 => format!("Try again in {wait} seconds."),
            _ => format!("Try again in {} minutes.", wait.div_ceil(60)),
        };
        Problem {
            retry_after: Some(wait),
            standing: Some(Box::new(standing)),
            ..Problem::new(Code::RateLimited).detail(detail)
        }
    }

    /// Says more about this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let body = ProblemBody {
            r#type: format!("/api/docs#problem-{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.name(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            report: self.report.as_deref(),
            request_id,
        };
        // Texts and numbers can always be written as JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// The body of every answer that is an error, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/api/docs#problem-invalid",
    "title": "Something in the request is wrong",
    "status": 422,
    "code": "invalid",
    "detail": null,
    "errors": [{"field": "title", "code": "required", "message": "is required"}],
    "request_id": "019389f2-3a9a-7c7e-9f57-0e4d7d2b8c11"
}))]
pub struct ProblemBody<'problem> {
    /// Where the code is explained.
    r#type: String,
    /// For people; the same for every problem with this code.
    title: &'problem str,
    /// The HTTP status.
    status: u16,
    /// Stable and for programs.
    code: &'problem str,
    /// More about this very case.
    detail: Option<&'problem str>,
    /// The fields that are wrong.
    errors: &'problem [FieldError],
    /// Only with `import_refused`: what would have become of each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    report: Option<&'problem serde_json::Value>,
    /// To find the request in the log.
    request_id: &'problem str,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => {
                Problem::new(Code::NotFound).detail(format!("There is no such {what}."))
            }
            Error::Invalid(errors) => Problem::invalid(errors),
            Error::Unauthenticated => Problem::new(Code::Unauthenticated),
            Error::WrongCredentials => Problem::new(Code::WrongCredentials),
            Error::Forbidden(refusal) => refused(refusal),
            Error::LinkExpired => Problem::new(Code::LinkExpired),
            Error::VersionMismatch => Problem::new(Code::VersionMismatch),
            Error::IdempotencyKeyReused => Problem::new(Code::KeyReused),
            Error::IdempotencyInFlight => Problem {
                retry_after: Some(1),
                ..Problem::new(Code::InFlight)
            },
            Error::RateLimited(standing) => Problem::too_many(standing),
            Error::Conflict(reason) => Problem {
                retry_after: Some(1),
                internal: Some(reason.to_string()),
                is_conflict: true,
                ..Problem::new(Code::Unavailable)
            },
            Error::Unavailable(reason) | Error::Misconfigured(reason) => Problem {
                retry_after: Some(1),
                internal: Some(reason),
                ..Problem::new(Code::Unavailable)
            },
            Error::Internal(reason) => Problem {
                internal: Some(reason),
                ..Problem::new(Code::Internal)
            },
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::MissingAbility(ability) => {
            Problem::new(Code::MissingAbility).detail(format!("This needs the ability {ability}."))
        }
        Refusal::SessionOnly => Problem::new(Code::SessionOnly),
        Refusal::AdministratorsOnly => Problem::new(Code::AdministratorsOnly),
        Refusal::RegistrationClosed => Problem::new(Code::RegistrationClosed),
        Refusal::InvitationNeeded => Problem::new(Code::InvitationNeeded),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"duly\""),
            );
        }
        response.extensions_mut().insert(self);
        response
    }
}
