//! Servers of which Sentinels make one the master.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{RedisServer, free_port, wait_until};

/// What the Sentinels call it.
const SERVICE: &str = "duly";

/// A master, two replicas, and three Sentinels that agree by two; ended when dropped.
#[derive(Debug)]
pub struct RedisSentinels {
    servers: Vec<RedisServer>,
    sentinels: Vec<Sentinel>,
}

#[derive(Debug)]
struct Sentinel {
    port: u16,
    process: Child,
    /// Sentinels write into their configuration.
    _folder: TempDir,
}

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "only tests call this"
)]
impl RedisSentinels {
    /// Starts all, and waits until they know each other.
    ///
    /// # Panics
    /// When they cannot be started: a test can do nothing about that.
    #[must_use]
    pub fn start() -> Self {
        let first = RedisServer::with(&["--repl-diskless-sync-delay", "0"]);
        let master = first.port().to_string();
        let mut servers = vec![first];
        for _ in 0..2 {
            servers.push(RedisServer::with(&["--replicaof", "127.0.0.1", &master]));
        }
        for replica in &servers[1..] {
            wait_until("a replica", || {
                let info = replica.say("INFO replication");
                info.contains("master_link_status:up")
            });
        }
        let sentinels = (0..3).map(|_| Sentinel::start(&master)).collect();
        let all = RedisSentinels { servers, sentinels };
        wait_until("Sentinels that know each other", || {
            all.status()
                .all(|status| status.is_some_and(|status| status.contains("slaves=2,sentinels=3")))
        });
        all
    }

    /// Where the Sentinels are, and of what they are asked.
    #[must_use]
    pub fn url(&self) -> String {
        let places = self
            .sentinels
            .iter()
            .map(|one| format!("127.0.0.1:{}", one.port));
        let places: Vec<String> = places.collect();
        format!("redis+sentinel://{}/{SERVICE}", places.join(","))
    }

    /// The master and its replicas.
    pub fn servers(&self) -> impl Iterator<Item = &RedisServer> {
        self.servers.iter()
    }

    /// Who was the master at first.
    #[must_use]
    pub fn first(&self) -> &RedisServer {
        &self.servers[0]
    }

    /// Waits until all Sentinels name another master than the first, and who that is.
    ///
    /// # Panics
    /// When they name none.
    #[must_use]
    pub fn wait_for_failover(&self) -> &RedisServer {
        let names = |status: &str, server: &RedisServer| {
            status.contains(&format!("status=ok,address=127.0.0.1:{},", server.port()))
        };
        let mut named = None;
        wait_until("another master", || {
            let status: Vec<String> = self.status().flatten().collect();
            named = self.servers[1..]
                .iter()
                .find(|server| status.iter().all(|status| names(status, server)));
            named.is_some_and(|server| server.say("INFO replication").contains("role:master"))
        });
        named.expect("another master")
    }

    fn status(&self) -> impl Iterator<Item = Option<String>> {
        let ports = self.sentinels.iter().map(|sentinel| sentinel.port);
        ports.map(|port| super::server::answer(port, "INFO sentinel"))
    }
}

#[expect(clippy::expect_used, clippy::panic, reason = "only tests call this")]
impl Sentinel {
    fn start(master: &str) -> Self {
        let (port, folder) = (free_port(), TempDir::new().expect("a folder"));
        let settings = format!(
            "port {port}\n\
             bind 127.0.0.1\n\
             sentinel monitor {SERVICE} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {SERVICE} 1000\n\
             sentinel failover-timeout {SERVICE} 5000\n"
        );
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, settings).expect("a file");
        let process = Command::new("redis-sentinel")
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("redis-sentinel (Debian package redis-sentinel): {error}")
            });
        Sentinel {
            port,
            process,
            _folder: folder,
        }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
