//! What an operator makes for Duly: its settings, and room for data and logs.

use std::path::Path;

use super::PAGE;
use crate::support::book;

/// A folder with all of it.
pub struct Place<'a>(&'a Path);

impl<'a> Place<'a> {
    pub fn new(folder: &'a Path) -> Self {
        for name in ["settings", "data", "logs"] {
            std::fs::create_dir(folder.join(name)).expect("a folder");
        }
        let place = Place(folder);
        let settings = block("toml");
        let settings = format!("{settings}\n[http]\nlisten = \"127.0.0.1:0\"\n");
        place.write("duly.toml", &settings);
        place
    }

    /// Writes a file of settings.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join("settings").join(name), text).expect("a file");
    }

    /// What is in force of a shipped file, with paths of this place.
    pub fn fill(&self, shipped: &str) -> String {
        // Whoever runs the tests may not become somebody else.
        let is_kept = |line: &&str| !line.starts_with(['#', ';']) && *line != "user=duly";
        let lines = shipped.lines().filter(is_kept);
        let mut text: String = lines.map(|line| line.to_owned() + "\n").collect();
        let folder = self.0.display();
        for (from, to) in [
            ("/usr/local/bin/duly", env!("CARGO_BIN_EXE_duly").to_owned()),
            ("/etc/duly", format!("{folder}/settings")),
            ("/var/lib/duly", format!("{folder}/data")),
            ("/var/log/duly", format!("{folder}/logs")),
        ] {
            text = text.replace(from, &to);
        }
        for foreign in ["/etc/", "/var/"] {
            assert!(!text.contains(foreign), "{foreign} is left in {text}");
        }
        text
    }
}

/// The example that the page gives in this language.
pub fn block(language: &str) -> &'static str {
    let mut blocks = book::blocks(PAGE);
    let found = blocks.find(|(of, _)| *of == language);
    found.expect("the page has an example").1
}
