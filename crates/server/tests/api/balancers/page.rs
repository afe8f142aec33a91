//! The page "Many nodes": its commands do what it says.

use super::Place;
use crate::support::{Process, book};

const PAGE: &str = include_str!("../../../../../docs/operator/nodes.md");

#[test]
fn the_page_says_what_is() {
    let address = Place::new().node(0).to_string();
    let mut duly = Process::new();
    duly.variables = vec![("DULY_HTTP__LISTEN", address.clone())];
    let placed = |text: &str| {
        let text = text.replace("10.0.0.11:8080", &address);
        text.replace(
            "postgres://duly_app:secret-of-duly@db1.example.org/duly",
            "sqlite:duly.db",
        )
    };
    let (mut said, mut languages) = (String::new(), Vec::new());
    for (language, text) in book::blocks(PAGE) {
        languages.push(language);
        match language {
            "toml" => {
                std::fs::write(duly.path().join("duly.toml"), placed(text)).expect("a file");
            }
            "json" => assert_eq!(said.trim(), text.trim()),
            _ => {
                if text.contains("curl") {
                    duly.serve(&[]);
                }
                said = book::follow(&duly, &placed(text));
            }
        }
    }
    assert_eq!(languages, ["toml", "sh", "sh", "json"]);
}
