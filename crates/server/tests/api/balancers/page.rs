//! The page "Many nodes": its commands do what it says.

use std::io::Write as _;

use duly_cache::testing::RedisServer;

use super::Place;
use crate::support::{Process, book};

const PAGE: &str = include_str!("../../../../../docs/operator/nodes.md");

#[test]
fn the_page_says_what_is() {
    let address = Place::new().node(0).to_string();
    let redis = RedisServer::start();
    let mut duly = Process::new();
    duly.variables = vec![("DULY_HTTP__LISTEN", address.clone())];
    let placed = |text: &str| {
        let text = text.replace("10.0.0.11:8080", &address);
        let text = text.replace("-h redis1.example.org", &format!("-p {}", redis.port()));
        let text = text.replace("redis1.example.org", &format!("127.0.0.1:{}", redis.port()));
        text.replace(
            "postgres://duly_app:secret-of-duly@db1.example.org/duly",
            "sqlite:duly.db",
        )
    };
    let (mut said, mut all, mut languages) = (String::new(), String::new(), Vec::new());
    for (language, text) in book::blocks(PAGE) {
        languages.push(language);
        match language {
            "toml" => {
                let mut options = std::fs::File::options();
                let file = options.create(true).append(true);
                let file = file.open(duly.path().join("duly.toml"));
                let written = write!(file.expect("a file"), "\n{}", placed(text));
                written.expect("a file");
            }
            "json" => assert_eq!(said.trim(), text.trim()),
            _ => {
                if text.contains("curl") {
                    duly.serve(&[]);
                }
                said = book::follow(&duly, &placed(text));
                all += &said;
            }
        }
    }
    assert_eq!(languages, ["toml", "sh", "sh", "toml", "sh", "sh", "json"]);
    assert!(all.contains("OK\nOK\nOK\n"), "{all}");
    let found = format!(" at 127.0.0.1:{}, answers in ", redis.port());
    assert!(
        all.contains("ok    cache: Redis ") && all.contains(&found),
        "{all}"
    );
    assert!(all.contains(" µs, 256 MiB, allkeys-lru\n"), "{all}");
}
