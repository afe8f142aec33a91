//! An answer, and what is true of every answer.

use axum::http::HeaderMap;
use serde_json::Value;

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Looks at what no answer may lack.
    pub fn checked(self) -> Self {
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "strict-transport-security",
            "cache-control",
            "x-request-id",
        ] {
            assert!(
                self.headers.contains_key(name),
                "{name} is missing: {self:?}"
            );
        }
        if let Some(cookie) = self.headers.get("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            if cookie.starts_with("duly_version=") {
                return self;
            }
            assert!(cookie.starts_with("__Host-duly_session="), "{cookie}");
            for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
                assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            assert_eq!(self.header("cache-control"), "no-store");
        }
        if self.status >= 400 {
            self.check_problem();
        }
        self
    }

    fn check_problem(&self) {
        if self.header("content-type") != "application/problem+json" {
            assert!(
                self.header("content-type").starts_with("text/html"),
                "{self:?}"
            );
            return;
        }
        if self.body.is_empty() {
            return;
        }
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        for name in ["type", "title", "code"] {
            assert!(problem[name].is_string(), "{problem}");
        }
        assert!(problem["errors"].is_array(), "{problem}");
    }

    /// The header as text, empty when missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    /// Expects a status and answers itself.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// Expects a problem with this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json()["code"], code, "{}", answer.text());
        answer
    }

    /// Expects a 422 that names exactly these fields, each as `field code`.
    #[track_caller]
    pub fn wrong_fields(self, expected: &[&str]) {
        let answer = self.problem(422, "invalid");
        assert_eq!(answer.fields(), expected, "{}", answer.text());
    }

    /// The wrong fields, each as `field code`.
    pub fn fields(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().expect("a list");
        let text = |error: &Value, name: &str| error[name].as_str().expect("text").to_owned();
        errors
            .iter()
            .map(|error| format!("{} {}", text(error, "field"), text(error, "code")))
            .collect()
    }
}
