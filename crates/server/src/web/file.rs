//! A file of the page, from this release or from another one.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use duly_tracker::{Result, assets};
use sha2::{Digest as _, Sha256};

use super::{ASSETS, Dist};
use crate::api::reply;
use crate::app::Context;
use crate::http::compress;

/// A file as it is sent.
pub(super) struct File {
    name: String,
    content: Bytes,
    digest: [u8; 32],
    coding: Option<&'static str>,
}

/// A form a file may be kept in: what it is called in `Content-Encoding`, and after the file's name.
type Form = (Option<&'static str>, &'static str);

/// Looks among the files of this release, and then among those that others have left.
pub(super) async fn find(
    context: &Context,
    name: &str,
    headers: &HeaderMap,
) -> Result<Option<File>> {
    let forms = forms(headers);
    if let Some(file) = embedded(name, forms) {
        return Ok(Some(file));
    }
    match name.strip_prefix(ASSETS) {
        Some(asset) if assets::is_name(asset) => left(context, name, asset, forms).await,
        _ => Ok(None),
    }
}

fn embedded(name: &str, forms: [Form; 3]) -> Option<File> {
    forms.into_iter().find_map(|(coding, suffix)| {
        let file = Dist::get(&format!("{name}{suffix}"))?;
        Some(File {
            name: name.to_owned(),
            digest: file.metadata.sha256_hash(),
            content: match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            },
            coding,
        })
    })
}

async fn left(
    context: &Context,
    name: &str,
    asset: &str,
    forms: [Form; 3],
) -> Result<Option<File>> {
    let names = forms.map(|(_, suffix)| format!("{asset}{suffix}"));
    let mut found = assets::find(&context.tracker.db, &names).await?;
    let mut forms = forms.into_iter().zip(names);
    Ok(forms.find_map(|((coding, _), key)| {
        let content = found.remove(&key)?;
        Some(File {
            name: name.to_owned(),
            digest: Sha256::digest(&content).into(),
            content: content.into(),
            coding,
        })
    }))
}

/// What the client takes, best first; Brotli is smaller than gzip. Not everything is worth being
/// compressed, so what is left over stands for what the client does not take.
fn forms(headers: &HeaderMap) -> [Form; 3] {
    let plain = (None, "");
    let brotli = (compress::quality(headers, "br"), (Some("br"), ".br"));
    let gzip = (compress::quality(headers, "gzip"), (Some("gzip"), ".gz"));
    let (first, second) = match gzip.0 > brotli.0 {
        true => (gzip, brotli),
        false => (brotli, gzip),
    };
    let or_plain = |(quality, form)| if quality > 0 { form } else { plain };
    [or_plain(first), or_plain(second), plain]
}

impl File {
    pub(super) fn answer(self, headers: &HeaderMap) -> Response {
        let is_asset = self.name.starts_with(ASSETS);
        let kind = content_type(&self.name);
        let digits = self.digest.iter().take(12);
        let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{digits}\"");
        let known = reply::matches(headers, &tag);
        let mut response = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(self.content).into_response(),
        };
        let answer = response.headers_mut();
        if !known {
            answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            if let Some(coding) = self.coding {
                answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
        }
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answer.insert(header::ETAG, tag);
        }
        let caching = match is_asset {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        for (name, value) in [
            (header::VARY.as_str(), "Accept-Encoding"),
            (header::CACHE_CONTROL.as_str(), caching),
            // A page on our host may load them from a CDN that fetched them here, and measure it.
            (header::ACCESS_CONTROL_ALLOW_ORIGIN.as_str(), "*"),
            ("timing-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            answer.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
