//! The commands of the page "From one file to replicas", run from its top to its bottom.

use std::path::Path;
use std::process::Command;

use duly_db::Engine;
use duly_db::testing::Cluster;

use crate::support::Process;

const PAGE: &str = include_str!("../../../../../docs/operator/replicas.md");

/// The servers of the page, and who plays them.
const MEMBERS: [(&str, &str); 3] = [("db1", "primary"), ("db2", "replica1"), ("db3", "replica2")];

/// A block that the page marks as tested: ```` ```sql test=mariadb:db2 ````.
struct Block {
    language: &'static str,
    /// The server it is for, if it is for one.
    server: &'static str,
    /// Whether the primary is lost before it.
    after_loss: bool,
    text: &'static str,
}

fn blocks(engine: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for part in PAGE.split("\n```").skip(1) {
        let Some((head, text)) = part.split_once('\n') else {
            continue;
        };
        let Some((language, marks)) = head.split_once(" test=") else {
            continue;
        };
        let (engines, server) = marks.split_once(':').unwrap_or((marks, ""));
        if engines.split(',').any(|one| one == engine) {
            let (server, rest) = server.split_once(',').unwrap_or((server, ""));
            found.push(Block {
                language,
                server,
                after_loss: rest == "failover",
                text,
            });
        }
    }
    found
}

struct Operator {
    cluster: Cluster,
    engine: Engine,
    duly: Process,
}

impl Operator {
    fn start(engine: Engine) -> Option<Self> {
        let cluster = Cluster::start(engine, &["--durable"])?;
        Some(Operator {
            cluster,
            engine,
            duly: Process::new(),
        })
    }

    fn follow(&self, engine: &str) {
        let blocks = blocks(engine);
        assert!(blocks.len() >= 9, "{} blocks are marked", blocks.len());
        for block in blocks {
            if block.after_loss {
                self.cluster.operate("kill", "primary");
            }
            match block.language {
                "ini" => self.is_set(block.text),
                "sql" => self.ask(block.server, &self.placed(block.text)),
                "toml" => {
                    let file = self.duly.path().join("duly.toml");
                    std::fs::write(file, self.placed(block.text)).expect("a file");
                }
                "sh" => self.run(&self.placed(block.text)),
                other => panic!("nobody knows how to run {other}"),
            }
        }
    }

    /// The text with our servers in place of the page's.
    fn placed(&self, text: &str) -> String {
        let mut placed = text.replace(
            "/var/lib/postgresql/15/main",
            &self.duly.path().join("copy").display().to_string(),
        );
        for (server, member) in MEMBERS {
            let url = self.cluster.url(member);
            let place = url.split(['@', '/']).nth(3).expect("a place");
            let (host, port) = place.split_once(':').expect("a port");
            let name = format!("{server}.example.org");
            for usual in ["5432", "3306"] {
                placed = placed
                    .replace(&format!("{name}:{usual}"), place)
                    .replace(
                        &format!("host={name} port={usual}"),
                        &format!("host={host} port={port}"),
                    )
                    .replace(
                        &format!("'{name}', MASTER_PORT = {usual}"),
                        &format!("'{host}', MASTER_PORT = {port}"),
                    );
            }
        }
        assert!(!placed.contains("example.org"), "{placed}");
        placed
    }

    /// Runs each statement as the servers' administrator.
    fn ask(&self, server: &str, text: &str) {
        let (_, member) = MEMBERS
            .into_iter()
            .find(|(name, _)| *name == server)
            .expect("a server");
        for statement in text.split(";\n").filter(|one| !one.trim().is_empty()) {
            self.answer(member, statement);
        }
    }

    fn answer(&self, member: &str, statement: &str) -> String {
        match self.engine {
            Engine::Postgres => self.cluster.sql(member, statement),
            // Those who may change settings of a replica log in by another name there.
            _ => {
                let url = self.cluster.url(member);
                let port = url.rsplit([':', '/']).nth(1).expect("a port");
                let login = self.cluster.folder().join("client.cnf");
                let mut client = Command::new("mariadb");
                client.arg(format!("--defaults-file={}", login.display()));
                client.args(["--user=operator", "--batch", "--skip-column-names"]);
                client.arg(format!("--port={port}"));
                succeed(client.args(["--execute", statement]))
            }
        }
    }

    /// Every server has the settings.
    fn is_set(&self, text: &str) {
        for line in text.lines() {
            let (name, value) = line.split_once(" = ").expect("a setting");
            let asked = match self.engine {
                Engine::Postgres => format!("SHOW {name}"),
                _ => format!("SELECT @@global.{name}"),
            };
            for (_, member) in MEMBERS {
                let found = self.answer(member, &asked);
                let is = found == value || (value == "ON" && found == "1");
                assert!(is, "{member} has {name} = {found}");
            }
        }
    }

    /// Runs shell commands in the folder of Duly.
    fn run(&self, text: &str) {
        let binary = Path::new(env!("CARGO_BIN_EXE_duly"));
        let folder = binary.parent().expect("a folder").display();
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", text]).env_clear();
        shell.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
        let said = succeed(shell.current_dir(self.duly.path()));
        if text.contains("duly doctor") {
            let written = std::fs::read_to_string(self.duly.path().join("duly.toml"));
            let addresses = written.expect("settings").matches("://").count();
            assert_eq!(
                said.matches("serves reads").count() + 1,
                addresses,
                "{said}"
            );
            for line in [
                ", takes changes",
                "ok    database clock: differs by ",
                "; the server allows ",
            ] {
                assert!(said.contains(line), "{said}");
            }
        }
    }
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{error}");
    said
}

fn from_one_file_to_replicas(engine: Engine, name: &str) {
    let Some(operator) = Operator::start(engine) else {
        return;
    };
    let duly = &operator.duly;
    duly.say(&[
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.org",
    ]);
    operator.follow(name);
    let users = duly.say(&["user", "list"]);
    assert!(users.contains("ann@example.org"), "{users}");
    let settings = std::fs::read_to_string(duly.path().join("duly.toml")).expect("settings");
    assert!(settings.contains("replicas"), "{settings}");
}

#[test]
fn from_one_file_to_postgresql() {
    from_one_file_to_replicas(Engine::Postgres, "postgres");
}

#[test]
fn from_one_file_to_mariadb() {
    from_one_file_to_replicas(Engine::MariaDb, "mariadb");
}
