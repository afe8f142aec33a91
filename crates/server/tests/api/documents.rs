//! The OpenAPI document, its page, and the table of problems

use std::collections::BTreeSet;

use duly_server::api::document;
use duly_server::api::problem::Code;
use serde_json::Value;

use crate::support::TestApp;

#[test]
fn the_document_under_version_control_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let kept = std::fs::read_to_string(path).expect("docs/openapi.json");
    assert!(
        kept == document::text(),
        "docs/openapi.json is not up to date; run `duly openapi > docs/openapi.json`"
    );
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere_and_ids_are_unique() {
    let app = TestApp::new().await;
    let document = app
        .anonymous()
        .get("/api/openapi.json")
        .await
        .expect(200)
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    let paths = document["paths"].as_object().expect("paths");
    for operation in paths
        .values()
        .flat_map(|item| item.as_object().expect("an item").values())
    {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id.to_owned()), "{id} stands for two operations");
        assert!(operation["summary"].is_string(), "{id}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.contains_key("default"), "{id}");
    }
    check_references(&document, &document);
}

fn check_references(document: &Value, value: &Value) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| check_references(document, item)),
        Value::Object(members) => {
            members
                .values()
                .for_each(|item| check_references(document, item));
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    let answer = client.get("/api/docs").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let page = answer.text().replace("&#x2f;", "/");
    let document = client.get("/api/openapi.json").await.json();
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for code in Code::ALL {
        assert!(
            page.contains(&format!("id=\"problem-{}\"", code.name())),
            "{}",
            code.name()
        );
    }
    for forbidden in ["<script", "<style", "style=", "src=", "//cdn", "@import"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let style = client.get("/api/docs.css").await.expect(200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(!style.text().contains("url("));
    client
        .get("/api/docs")
        .header("if-none-match", answer.header("etag"))
        .await
        .expect(304);
}

/// A change of this table is a change of the contract with every client.
#[test]
fn codes_stay_as_they_are() {
    let table: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("{} {}", code.status().as_u16(), code.name()))
        .collect();
    assert_eq!(
        table,
        [
            "400 malformed_body",
            "401 unauthenticated",
            "401 wrong_credentials",
            "403 missing_ability",
            "403 session_only",
            "403 administrators_only",
            "403 registration_closed",
            "403 invitation_needed",
            "403 foreign_origin",
            "404 not_found",
            "405 method_not_allowed",
            "406 not_acceptable",
            "408 body_timeout",
            "409 idempotency_in_flight",
            "410 link_expired",
            "412 version_mismatch",
            "413 body_too_large",
            "415 unsupported_media_type",
            "422 invalid",
            "422 idempotency_key_reused",
            "422 import_refused",
            "429 rate_limited",
            "500 internal",
            "503 unavailable",
        ]
    );
}
