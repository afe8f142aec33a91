//! A unit of systemd, carried out as systemd does.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

pub struct Unit {
    settings: Vec<(String, String)>,
}

impl Unit {
    /// `instance` is what stands behind the @ of its name.
    pub fn read(text: &str, instance: &str) -> Self {
        let text = text.replace("%i", instance);
        let settings = text.lines().filter_map(|line| line.split_once('='));
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Unit {
            settings: settings.collect(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let settings = self.settings.iter();
        settings.filter_map(move |(of, value)| (of == name).then_some(value.as_str()))
    }

    /// The last word on a setting.
    pub fn get(&self, name: &str) -> &str {
        let last = self.all(name).last();
        last.unwrap_or_else(|| panic!("it has no {name}"))
    }

    /// Those of files win, and of files the later ones.
    fn variables(&self) -> BTreeMap<String, String> {
        let written = self.all("Environment").flat_map(str::split_whitespace);
        let mut lines: Vec<String> = written.map(str::to_owned).collect();
        for path in self.all("EnvironmentFile") {
            let path = path.strip_prefix('-').expect("a file that may be missing");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            lines.extend(text.lines().map(str::to_owned));
        }
        let pairs = lines.iter().filter_map(|line| line.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// What it starts.
    pub fn command(&self) -> Command {
        let variables = self.variables();
        let mut words = Vec::new();
        for word in self.get("ExecStart").split_whitespace() {
            // ${NAME} is one word, $NAME as many as there are in it.
            let one = word
                .strip_prefix("${")
                .and_then(|word| word.strip_suffix('}'));
            match (one, word.strip_prefix('$')) {
                (Some(name), _) => words.push(value(&variables, name)),
                (None, Some(name)) => words.extend(value(&variables, name).split_whitespace()),
                (None, None) => words.push(word),
            }
        }
        let mut command = Command::new(words.remove(0));
        command
            .args(words)
            .current_dir(self.get("WorkingDirectory"))
            .env_clear();
        command.envs(&variables);
        command
    }

    pub fn stop_signal(&self) -> Signal {
        assert_eq!(self.get("KillSignal"), "SIGTERM");
        Signal::TERM
    }

    /// When it has not ended by then, it is killed.
    pub fn stop_timeout(&self) -> Duration {
        let text = self.get("TimeoutStopSec");
        let seconds = text.strip_suffix('s').expect("seconds");
        Duration::from_secs(seconds.parse().expect("a number"))
    }
}

fn value<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    let value = variables.get(name);
    value.unwrap_or_else(|| panic!("there is no {name}"))
}
