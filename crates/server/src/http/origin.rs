//! Refusing requests that another site makes a browser send with our cookie (CSRF).

use axum::http::{HeaderMap, Method, header};

use super::cookie;

/// Whether the request may change something, judged by where it comes from.
///
/// Every browser of the last years says it by `Sec-Fetch-Site` (W3C Fetch Metadata), older ones by
/// `Origin` (RFC 6454) on everything that changes something. A request with neither comes from a
/// program, which has no cookies but those it was given. Should an old browser leave out both, the
/// cookie's `SameSite=Lax` and the content type, which no form can send, still refuse it.
#[must_use]
pub fn may_change(method: &Method, headers: &HeaderMap, public_url: &str) -> bool {
    if method.is_safe() {
        return true;
    }
    let has_cookie = cookie::session(headers, public_url.starts_with("https://")).is_some();
    let has_token = headers.contains_key(header::AUTHORIZATION);
    if has_token && !has_cookie {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin
            .to_str()
            .is_ok_and(|origin| is_ours(origin, headers, public_url)),
        None => true,
    }
}

fn is_ours(origin: &str, headers: &HeaderMap, public_url: &str) -> bool {
    let Some((_, host)) = origin.split_once("://") else {
        return false;
    };
    let public_host = public_url
        .split_once("://")
        .map(|(_, rest)| rest.split('/').next());
    let asked_host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    Some(Some(host)) == public_host || Some(host) == asked_host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(method: Method, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:8080".parse().expect("a header"));
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header"));
        }
        may_change(&method, &headers, "https://duly.example.org/app")
    }

    #[test]
    fn only_our_own_pages_may_change_something_by_cookie() {
        let cookie = ("cookie", "__Host-duly_session=x");
        assert!(may(
            Method::POST,
            &[cookie, ("sec-fetch-site", "same-origin")]
        ));
        for foreign in ["cross-site", "same-site", "none", "nonsense"] {
            let headers = [
                cookie,
                ("sec-fetch-site", foreign),
                ("origin", "https://duly.example.org"),
            ];
            assert!(!may(Method::POST, &headers), "{foreign}");
        }
        assert!(may(
            Method::POST,
            &[cookie, ("origin", "https://duly.example.org")]
        ));
        assert!(may(
            Method::PATCH,
            &[cookie, ("origin", "http://127.0.0.1:8080")]
        ));
        for foreign in [
            "null",
            "https://evil.example",
            "https://duly.example.org.evil.example",
        ] {
            assert!(
                !may(Method::DELETE, &[cookie, ("origin", foreign)]),
                "{foreign}"
            );
        }
        assert!(may(
            Method::GET,
            &[cookie, ("sec-fetch-site", "cross-site")]
        ));
    }

    #[test]
    fn programs_are_let_through_and_foreign_pages_are_not() {
        assert!(may(Method::POST, &[]));
        assert!(may(Method::POST, &[("cookie", "__Host-duly_session=x")]));
        assert!(may(Method::POST, &[("authorization", "Bearer x")]));
        assert!(!may(Method::POST, &[("sec-fetch-site", "cross-site")]));
        let both = [
            ("authorization", "Bearer x"),
            ("cookie", "__Host-duly_session=x"),
        ];
        assert!(may(Method::POST, &both));
        let from_elsewhere = [both[0], both[1], ("origin", "https://evil.example")];
        assert!(!may(Method::POST, &from_elsewhere));
    }
}
