//! The page "Many nodes": its commands do what it says.

use std::path::Path;
use std::process::Command;

use super::Place;
use crate::support::Process;

const PAGE: &str = include_str!("../../../../../docs/operator/nodes.md");

/// The language and the text of each block that the page marks as tested: ```` ```sh test ````.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let marked = |part: &'static str| {
        let (head, text) = part.split_once('\n')?;
        Some((head.strip_suffix(" test")?, text))
    };
    PAGE.split("\n```").filter_map(marked).collect()
}

fn run(duly: &Process, text: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_duly"));
    let folder = binary.parent().expect("a folder").display();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", text]).env_clear();
    shell.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
    let output = shell.current_dir(duly.path()).output().expect("sh");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}: {said}\n{error}");
    said
}

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
    for (language, text) in blocks() {
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
                said = run(&duly, &placed(text));
            }
        }
    }
    assert_eq!(languages, ["toml", "sh", "sh", "json"]);
}
