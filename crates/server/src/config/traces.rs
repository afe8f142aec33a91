//! Whether traces are collected, as the variables say that all programs with OpenTelemetry share
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>). The others of them are read
//! by its library.

/// How traces are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceProtocol {
    /// OTLP over gRPC, mostly at port 4317.
    Grpc,
    /// OTLP over HTTP, mostly at port 4318.
    Http,
}

/// How traces are sent; nothing when nobody is named who collects them, or they are not wanted.
pub fn traces(variables: impl Iterator<Item = (String, String)>) -> Option<TraceProtocol> {
    let found: Vec<(String, String)> = variables
        .filter(|(name, value)| name.starts_with("OTEL_") && !value.is_empty())
        .collect();
    let value = |name: &str| {
        let mut found = found.iter();
        found.find(|(known, _)| known == name).map(|it| &*it.1)
    };
    let is_disabled = value("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let is_unwanted = value("OTEL_TRACES_EXPORTER") == Some("none");
    value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or(value("OTEL_EXPORTER_OTLP_ENDPOINT"))?;
    if is_disabled || is_unwanted {
        return None;
    }
    let protocol = value("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    Some(match protocol.or(value("OTEL_EXPORTER_OTLP_PROTOCOL")) {
        Some("grpc") => TraceProtocol::Grpc,
        _ => TraceProtocol::Http,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

    fn said(variables: &[(&str, &str)]) -> Option<TraceProtocol> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        traces(variables.iter().map(owned))
    }

    #[test]
    fn nothing_is_collected_unless_somebody_is_named() {
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), None);
        assert_eq!(said(&[("OTEL_SERVICE_NAME", "duly")]), None);
        assert_eq!(said(&[ENDPOINT]), Some(TraceProtocol::Http));
        assert_eq!(said(&[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")]), None);
        assert_eq!(said(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]), None);
    }

    #[test]
    fn what_is_said_of_traces_counts_more_than_what_is_said_of_all() {
        let all = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(said(&[ENDPOINT, all]), Some(TraceProtocol::Grpc));
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf");
        assert_eq!(said(&[ENDPOINT, all, traces]), Some(TraceProtocol::Http));
        let endpoint = (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://collector:4317",
        );
        assert_eq!(said(&[endpoint, all]), Some(TraceProtocol::Grpc));
    }
}
