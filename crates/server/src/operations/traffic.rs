//! What this process answered.

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::Method;
use matchit::Router;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::api::document;

/// In seconds, as OpenTelemetry's conventions for HTTP propose them.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Everything that is no path of the API: pages, their files, links in mails.
const PAGE: &str = "/{page}";

/// What the API does not have.
const UNKNOWN: &str = "/api/{unknown}";

/// The paths of the API, as they are documented.
static ROUTES: LazyLock<Router<String>> = LazyLock::new(|| {
    let mut routes = Router::new();
    for path in document::document().paths.paths.into_keys() {
        // Two that stand in each other's way are counted as one.
        let _ = routes.insert(path.clone(), path);
    }
    routes
});

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    http_request_method: &'static str,
    http_route: &'static str,
    http_response_status_code: u16,
}

/// How many requests are being answered, and how long each took until its answer began. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    took: Family<Answer, Histogram, fn() -> Histogram>,
    active: Gauge,
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic {
            took: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            active: Gauge::default(),
        }
    }
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(crate) struct Active<'a>(&'a Gauge);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Traffic {
    /// Counts a request as being answered.
    pub(crate) fn enter(&self) -> Active<'_> {
        self.active.inc();
        Active(&self.active)
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, method: &Method, path: &str, status: u16, took: Duration) {
        let answer = Answer {
            http_request_method: method_of(method),
            http_route: route_of(path),
            http_response_status_code: status,
        };
        self.took.get_or_create(&answer).observe(took.as_secs_f64());
    }

    pub(super) fn show(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "http_server_request_duration",
            "How long requests took until their answer began",
            Unit::Seconds,
            self.took.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests that are being answered",
            self.active.clone(),
        );
    }
}

/// The name of a method, of which there are few: clients may send any word.
pub(crate) fn method_of(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}

/// The path as it is documented, so that there are no more than the API has.
pub(crate) fn route_of(path: &str) -> &'static str {
    match ROUTES.at(path) {
        Ok(found) => found.value,
        Err(_) if path.starts_with("/api/") => UNKNOWN,
        Err(_) => PAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_by_what_is_documented() {
        let task = "/api/v1/tasks/01a2099c-5120-7e53-8c3f-a25a37c8e4a4";
        assert_eq!(route_of(task), "/api/v1/tasks/{id}");
        assert_eq!(route_of("/api/v1/tasks"), "/api/v1/tasks");
        assert_eq!(route_of("/api/v1/nothing/at/all"), UNKNOWN);
        assert_eq!(route_of("/assets/index-abc.js"), PAGE);
        let documented = document::document().paths.paths;
        for path in documented.keys() {
            assert_eq!(route_of(path), path, "each is counted as itself");
        }
    }

    #[test]
    fn whatever_clients_ask_for_there_are_no_more_series() {
        let traffic = Traffic::default();
        for number in 0..1000 {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            let path = format!("/api/v1/tasks/{number}/{number}");
            traffic.answered(&method, &path, 404, Duration::ZERO);
            traffic.answered(&method, &format!("/{number}"), 404, Duration::ZERO);
        }
        let mut registry = Registry::default();
        traffic.show(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let series = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(series <= 2 * (BOUNDS.len() + 3) + 1, "{series}");
    }
}
