//! Whether the client takes the kind of answer we give (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

use super::compress::parse_quality;

/// Whether any `Accept` header admits the type, `application/json` for example. No header admits
/// everything; the most specific range decides.
#[must_use]
pub fn admits(headers: &HeaderMap, kind: &str) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    let group = kind.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
    {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let name = name.trim();
        let precision = if name.eq_ignore_ascii_case(kind) {
            3
        } else if name
            .strip_suffix("/*")
            .is_some_and(|found| found.eq_ignore_ascii_case(group))
        {
            2
        } else if name == "*/*" {
            1
        } else {
            continue;
        };
        best = best.max((precision, parse_quality(parameters)));
    }
    best.1 > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let admitted = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, line.parse().expect("a header"));
            admits(&headers, "application/json")
        };
        for line in [
            "*/*",
            "application/*",
            "text/html, application/json;q=0.1",
            "APPLICATION/JSON",
        ] {
            assert!(admitted(line), "{line}");
        }
        for line in ["text/html", "application/json;q=0, */*", "image/*", ""] {
            assert!(!admitted(line), "{line}");
        }
        assert!(admits(&HeaderMap::new(), "application/json"));
    }
}
