//! What handlers are given of a request: its body, its parameters, its conditions.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, header};
use bytes::Bytes;
use duly_tracker::Error;
use duly_tracker::idempotency::{IdempotencyKey, Idempotent};
use duly_tracker::input::{FromText as _, Reader};
use duly_tracker::sessions::ClientInfo;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::permit::session_secret;
use super::problem::{Code, Problem};
use crate::app::Context;
use crate::http::{ClientAddress, ReadBody, json, query};

/// A JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    /// The body.
    pub(crate) value: T,
    /// With an `Idempotency-Key`: what to recognise the request by.
    pub(crate) idempotent: Option<Idempotent>,
}

impl<T: DeserializeOwned> FromRequest<Arc<Context>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, context: &Arc<Context>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !has_type(&parts.headers, "application/json") {
            return Err(
                Problem::new(Code::UnsupportedMediaType).detail("Send application/json in UTF-8.")
            );
        }
        refuse_encoded(&parts.headers)?;
        let bytes = whole(context, body, context.http.body_limit).await?;
        if let Some(body) = parts.extensions.get::<ReadBody>() {
            body.keep(bytes.clone());
        }
        let idempotent = idempotent(&parts, &bytes)?;
        let value = json::read(&bytes).map_err(|refused| match refused {
            json::Refused::Malformed(why) => Problem::new(Code::Malformed).detail(why),
            json::Refused::Member(error) => Problem::invalid(vec![error]),
        })?;
        Ok(JsonBody { value, idempotent })
    }
}

/// A file as the body.
#[derive(Debug)]
pub(crate) struct FileBody {
    /// The file.
    pub(crate) bytes: Bytes,
}

impl FromRequest<Arc<Context>> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, context: &Arc<Context>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !has_type(&parts.headers, "application/octet-stream") {
            return Err(Problem::new(Code::UnsupportedMediaType)
                .detail("Send the file as application/octet-stream."));
        }
        refuse_encoded(&parts.headers)?;
        if let Some(body) = parts.extensions.get::<ReadBody>() {
            body.give_up();
        }
        let bytes = whole(context, body, context.http.import_limit).await?;
        Ok(FileBody { bytes })
    }
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let Some(line) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|line| line.to_str().ok())
    else {
        return false;
    };
    let (kind, parameters) = line.split_once(';').unwrap_or((line, ""));
    let utf8 = parameters.split(';').all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    kind.trim().eq_ignore_ascii_case(expected) && utf8
}

/// A compressed body is not unpacked, and would be taken for one that is broken.
fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain {
        return Ok(());
    }
    let detail = "Send the body without a Content-Encoding.";
    Err(Problem::new(Code::UnsupportedMediaType).detail(detail))
}

async fn whole(context: &Context, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(Code::TooLarge).detail(format!("At most {limit} bytes are read."));
    let announced = hyper::body::Body::size_hint(&body).lower();
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let collected = Limited::new(body, limit).collect();
    match tokio::time::timeout(context.http.body_timeout, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::new(Code::Malformed).detail(error.to_string())),
        Err(_) => Err(Problem::new(Code::BodyTimeout)),
    }
}

fn idempotent(parts: &Parts, body: &[u8]) -> Result<Option<Idempotent>, Problem> {
    let Some(line) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = IdempotencyKey::from_text(line.to_str().unwrap_or_default())
        .map_err(|wrong| Error::field("Idempotency-Key", wrong.code, wrong.message))?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    Ok(Some(Idempotent::new(key, path, body)))
}

/// The parameters of the URL.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query::parse(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(Problem::invalid)
    }
}

impl Parameters {
    /// Each parameter, in the order given.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes the values of the known parameters, in the order of `known`.
    ///
    /// # Errors
    /// Every unknown and every repeated parameter.
    pub(crate) fn only<const N: usize>(
        &self,
        known: [&str; N],
    ) -> Result<[Option<&str>; N], Problem> {
        let mut values = [None; N];
        let mut reader = Reader::new();
        for (name, value) in self.pairs() {
            let place = known.iter().position(|known| *known == name);
            match place.and_then(|index| values.get_mut(index)) {
                Some(slot @ None) => *slot = Some(value),
                Some(Some(_)) => reader.refuse(name, "repeated", "must be given once"),
                None if N == 0 => {
                    reader.refuse(name, "unknown_parameter", "this URL takes no parameters");
                }
                None => {
                    let message = format!(
                        "is not a parameter of this URL; known are {}",
                        known.join(", ")
                    );
                    reader.refuse(name, "unknown_parameter", message);
                }
            }
        }
        reader.finish()?;
        Ok(values)
    }
}

/// The most rows a page of a list may have: 50 unless said otherwise.
pub(crate) fn page_limit(reader: &mut Reader, given: Option<&str>) -> u32 {
    let Some(text) = given else { return 50 };
    let limit = text.parse().ok().filter(|limit| (1..=200).contains(limit));
    limit.unwrap_or_else(|| {
        reader.refuse("limit", "out_of_range", "must be a number from 1 to 200");
        50
    })
}

/// An id in the path. What is no id at all names nothing, so it is answered like an unknown one.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::new(Code::NotFound))?;
        text.parse()
            .map(Id)
            .map_err(|_| Problem::new(Code::NotFound))
    }
}

/// The version named by `If-Match`; none without the header or with `*`.
#[derive(Debug)]
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(line) = parts.headers.get(header::IF_MATCH) else {
            return Ok(IfMatch(None));
        };
        let text = line.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(IfMatch(None));
        }
        let version = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        // A tag that is not one of ours matches no version.
        Ok(IfMatch(Some(
            version
                .and_then(|version| version.parse().ok())
                .unwrap_or(-1),
        )))
    }
}

/// Who the client is, as sessions and limits see it.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) ClientInfo);

impl FromRequestParts<Arc<Context>> for Client {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let address = parts.extensions.get::<ClientAddress>();
        let ip = address.map_or(IpAddr::from([0, 0, 0, 0]), |address| address.0);
        let user_agent = parts.headers.get(header::USER_AGENT);
        let user_agent = user_agent.map(|line| String::from_utf8_lossy(line.as_bytes()));
        let mut client = ClientInfo::new(ip, user_agent.unwrap_or_default());
        client.session = session_secret(context, &parts.headers);
        Ok(Client(client))
    }
}
