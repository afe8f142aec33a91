//! Smaller answers for those who ask for them.

use std::io::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

/// Below this many bytes an answer fits into one packet anyway.
const WORTH_IT: usize = 1024;

/// Whether an answer of this length is compressed.
pub(crate) fn is_worth_it(length: usize) -> bool {
    length > WORTH_IT
}

/// How much the client wants an encoding, 0 to 1000 (RFC 9110, 12.5.3).
#[must_use]
pub fn quality(headers: &HeaderMap, coding: &str) -> u16 {
    let items = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    let (mut named, mut any) = (None, None);
    for item in items {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let quality = parse_quality(parameters);
        match name.trim() {
            name if name.eq_ignore_ascii_case(coding) => named = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    named.or(any).unwrap_or(0)
}

/// The quality of `;q=0.5` in thousandths; a missing one is 1, a broken one 0.
pub(super) fn parse_quality(parameters: &str) -> u16 {
    let quality = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then_some(value.trim())
    });
    let Some(quality) = quality else { return 1000 };
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let valid = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" => 1000,
        "0" if valid => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// Compresses JSON of more than a kilobyte. An answer with a strong `ETag` is left alone: that
/// tag names these very bytes.
pub(super) async fn compress(mut response: Response, accepts_gzip: bool) -> Response {
    let headers = response.headers();
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_strong = headers
        .get(header::ETAG)
        .is_some_and(|tag| !tag.as_bytes().starts_with(b"W/"));
    let is_large = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| usize::try_from(size).is_ok_and(is_worth_it));
    if !is_json || !is_large || is_strong || headers.contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let coding = HeaderValue::from_static("Accept-Encoding");
    let mut vary = headers.get_all(header::VARY).iter();
    if !vary.any(|said| said == coding) {
        response.headers_mut().append(header::VARY, coding);
    }
    match accepts_gzip {
        true => Box::pin(compressed(response)).await,
        false => response,
    }
}

async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        // A body with an exact size is held in memory and cannot fail.
        Err(_) => Bytes::new(),
    };
    match gzip(&whole) {
        Ok(smaller) => {
            parts
                .headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(smaller))
        }
        Err(_) => Response::from_parts(parts, Body::from(whole)),
    }
}

/// The bytes as gzip.
///
/// # Errors
/// Never: they are written to memory.
pub(crate) fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_weighed() {
        let weigh = |line: &str, coding| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, line.parse().expect("a header"));
            quality(&headers, coding)
        };
        assert_eq!(weigh("gzip, br", "br"), 1000);
        assert_eq!(weigh("gzip;q=0.5, br;q=0", "gzip"), 500);
        assert_eq!(weigh("gzip;q=0.5, br;q=0", "br"), 0);
        assert_eq!(weigh("*;q=0.25", "br"), 250);
        assert_eq!(weigh("GZIP ; q=0.125", "gzip"), 125);
        assert_eq!(weigh("gzip;q=nonsense", "gzip"), 0);
        assert_eq!(quality(&HeaderMap::new(), "gzip"), 0);
    }
}
