//! The headers every answer has, whatever became of the request.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The headers of this installation, made once.
#[derive(Debug)]
pub struct SecurityHeaders(HeaderMap);

impl SecurityHeaders {
    /// `assets_url` is where scripts and styles come from when not from Duly itself; under
    /// `https` browsers are told to stay with TLS for a year.
    #[must_use]
    pub fn new(assets_url: Option<&str>, https: bool) -> Self {
        let assets = assets_url
            .and_then(origin)
            .map(|origin| format!(" {origin}"));
        let policy = content_security_policy(assets.as_deref().unwrap_or_default());
        let mut headers: HeaderMap = [
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("same-origin"),
            ),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static(
                    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), \
                     microphone=(), payment=(), usb=()",
                ),
            ),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                HeaderValue::from_static("same-origin"),
            ),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("same-origin"),
            ),
        ]
        .into_iter()
        .collect();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if https {
            let year = HeaderValue::from_static("max-age=31536000");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        }
        SecurityHeaders(headers)
    }

    /// Puts them on an answer, leaving alone what the handler has said itself.
    pub fn apply(&self, headers: &mut HeaderMap) {
        headers.reserve(self.0.len());
        for (name, value) in &self.0 {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }

    /// Them alone.
    pub(crate) fn to_map(&self) -> HeaderMap {
        self.0.clone()
    }
}

fn content_security_policy(assets: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'{assets}; style-src 'self'{assets}; \
         font-src 'self'{assets}; img-src 'self' data:{assets}; connect-src 'self'{assets}; \
         manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
}

fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    Some(format!("{scheme}://{}", rest.split('/').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(assets_url: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        SecurityHeaders::new(assets_url, false).apply(&mut headers);
        headers["content-security-policy"]
            .to_str()
            .expect("text")
            .to_owned()
    }

    #[test]
    fn scripts_come_from_us_or_the_named_host_only() {
        assert!(policy(None).contains("script-src 'self';"));
        let with_cdn = policy(Some("https://cdn.example.org/duly"));
        assert!(
            with_cdn.contains("script-src 'self' https://cdn.example.org;"),
            "{with_cdn}"
        );
        assert!(!with_cdn.contains("unsafe"), "{with_cdn}");
    }
}
