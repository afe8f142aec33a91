//! A Redis Cluster.

use std::fmt::Write as _;

use super::{RedisServer, free_port, wait_until};

/// How many slots there are.
const SLOTS: u16 = 16_384;

/// Three servers that share the slots, and perhaps a replica of each; ended when dropped.
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<RedisServer>,
    replicas: Vec<RedisServer>,
}

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "only tests call this"
)]
impl RedisCluster {
    /// Three servers without replicas.
    ///
    /// # Panics
    /// When it cannot be started: a test can do nothing about that.
    #[must_use]
    pub fn start() -> Self {
        Self::of(3, 0, "15000", &[])
    }

    /// Three servers that speak TLS with each other and with their clients, with the certificate
    /// that these options name.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn encrypted(certificate: &[&str]) -> Self {
        Self::of(3, 0, "15000", certificate)
    }

    /// Three servers and a replica of each, which takes over after about two seconds.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn with_replicas() -> Self {
        Self::of(3, 3, "2000", &[])
    }

    fn of(masters: usize, replicas: usize, timeout: &str, certificate: &[&str]) -> Self {
        let all = (0..masters + replicas).map(|_| node(timeout, certificate));
        let all: Vec<(RedisServer, u16)> = all.collect();
        let (first, bus) = (&all[0].0, all[0].1);
        for (at, (server, _)) in all.iter().enumerate() {
            assert_eq!(
                server.say(&format!("CLUSTER SET-CONFIG-EPOCH {}", at + 1)),
                "+OK"
            );
            let meet = format!("CLUSTER MEET 127.0.0.1 {} {bus}", first.place());
            assert_eq!(server.say(&meet), "+OK");
        }
        let share = SLOTS / u16::try_from(masters).expect("a small number");
        let mut from = 0;
        for (at, (server, _)) in all.iter().enumerate().take(masters) {
            let to = if at + 1 == masters {
                SLOTS
            } else {
                from + share
            };
            let add = format!("CLUSTER ADDSLOTSRANGE {from} {}", to - 1);
            assert_eq!(server.say(&add), "+OK");
            from = to;
        }
        let mut servers: Vec<RedisServer> = all.into_iter().map(|(server, _)| server).collect();
        let replicas = servers.split_off(masters);
        let cluster = RedisCluster {
            masters: servers,
            replicas,
        };
        cluster.settle();
        cluster
    }

    /// Waits until all know of all, and the replicas have what their masters have.
    fn settle(&self) {
        let known = format!("cluster_known_nodes:{}\r\n", self.all().count());
        wait_until("a Cluster of all", || {
            self.all()
                .all(|server| server.say("CLUSTER INFO").contains(&known))
        });
        for (master, replica) in self.masters.iter().zip(&self.replicas) {
            let replicate = format!("CLUSTER REPLICATE {}", master.say("CLUSTER MYID"));
            wait_until("a replica", || replica.say(&replicate) == "+OK");
        }
        for replica in &self.replicas {
            wait_until("what the master has", || {
                let info = replica.say("INFO replication");
                info.contains("master_link_status:up")
            });
        }
        wait_until("a Cluster that works", || {
            self.all().all(|server| {
                let info = server.say("CLUSTER INFO");
                let slots = format!("cluster_slots_ok:{SLOTS}\r\n");
                info.contains("cluster_state:ok") && info.contains(&slots)
            })
        });
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let is_encrypted = self.all().any(|server| server.place() != server.port());
        let mut url = String::from(match is_encrypted {
            true => "rediss+cluster://",
            false => "redis+cluster://",
        });
        for (at, server) in self.masters.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(url, "{comma}127.0.0.1:{}", server.place());
        }
        url
    }

    /// The slot of a key.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn slot(&self, key: &str) -> u16 {
        let slot = self.masters[0].say(&format!("CLUSTER KEYSLOT {key}"));
        slot[1..].parse().expect("a number")
    }

    /// Which of the masters, as they were at first, a slot belongs to.
    #[must_use]
    pub fn owner_of(&self, slot: u16) -> usize {
        let count = u16::try_from(self.masters.len()).expect("a small number");
        usize::from(slot / (SLOTS / count)).min(self.masters.len() - 1)
    }

    /// One of the masters, as they were at first.
    #[must_use]
    pub fn master(&self, at: usize) -> &RedisServer {
        &self.masters[at]
    }

    /// The replica of one of them.
    #[must_use]
    pub fn replica(&self, at: usize) -> &RedisServer {
        &self.replicas[at]
    }

    /// Begins to move a slot: from here on each of its keys may be at either server.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn begin_to_move(&self, slot: u16, to: usize) {
        let from = self.owner_of(slot);
        let (giver, taker) = (&self.masters[from], &self.masters[to]);
        let importing = format!(
            "CLUSTER SETSLOT {slot} IMPORTING {}",
            giver.say("CLUSTER MYID")
        );
        assert_eq!(taker.say(&importing), "+OK");
        let migrating = format!(
            "CLUSTER SETSLOT {slot} MIGRATING {}",
            taker.say("CLUSTER MYID")
        );
        assert_eq!(giver.say(&migrating), "+OK");
    }

    /// Moves one key of such a slot.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn move_key(&self, slot: u16, to: usize, key: &str) {
        let port = self.masters[to].port();
        let giver = &self.masters[self.owner_of(slot)];
        let said = giver.say(&format!("MIGRATE 127.0.0.1 {port} {key} 0 5000"));
        assert!(["+OK", "+NOKEY"].contains(&&*said), "{said}");
    }

    /// The keys of a slot that have not been moved yet.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn keys_of(&self, slot: u16) -> Vec<String> {
        let giver = &self.masters[self.owner_of(slot)];
        giver.list(&format!("CLUSTER GETKEYSINSLOT {slot} 1000"))
    }

    /// Gives the slot to the other server for good, and says so to all.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn end_move(&self, slot: u16, to: usize) {
        let node = format!(
            "CLUSTER SETSLOT {slot} NODE {}",
            self.masters[to].say("CLUSTER MYID")
        );
        assert_eq!(self.masters[to].say(&node), "+OK");
        assert_eq!(self.masters[self.owner_of(slot)].say(&node), "+OK");
    }

    /// Waits until the replica of a master has heard of everything.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait_for_copy(&self, at: usize) {
        let offset = |server: &RedisServer, name: &str| {
            let info = server.say("INFO replication");
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.expect("an offset").to_owned()
        };
        wait_until("a copy of everything", || {
            let copied = offset(&self.replicas[at], "slave_repl_offset:");
            copied == offset(&self.masters[at], "master_repl_offset:")
        });
    }

    /// Waits until the replica of a master has taken over.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait_for_failover(&self, at: usize) {
        wait_until("a replica that takes over", || {
            self.replicas[at]
                .say("INFO replication")
                .contains("role:master")
        });
        let others = self
            .masters
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        for (_, server) in others {
            wait_until("a Cluster that works", || {
                let slots = server.say("CLUSTER NODES");
                let replica = format!("127.0.0.1:{}@", self.replicas[at].port());
                let mut lines = slots.lines().filter(|line| line.contains(&replica));
                lines.any(|line| line.contains("master"))
            });
        }
    }

    fn all(&self) -> impl Iterator<Item = &RedisServer> {
        self.masters.iter().chain(&self.replicas)
    }
}

/// A server, and the port at which it speaks with the others.
fn node(timeout: &str, certificate: &[&str]) -> (RedisServer, u16) {
    let (bus, tls) = (free_port(), free_port().to_string());
    let options = [
        ["--cluster-enabled", "yes"],
        ["--cluster-port", &bus.to_string()],
        ["--cluster-node-timeout", timeout],
        // As the operator book says: one part that is lost is not the whole.
        ["--cluster-require-full-coverage", "no"],
        ["--cluster-replica-validity-factor", "0"],
        ["--repl-diskless-sync-delay", "0"],
    ];
    let encrypted = [["--tls-cluster", "yes"], ["--tls-port", &tls]];
    let encrypted = encrypted.iter().flatten().chain(certificate);
    let encrypted = encrypted.filter(|_| !certificate.is_empty());
    let options: Vec<&str> = options.iter().flatten().chain(encrypted).copied().collect();
    (RedisServer::with(&options), bus)
}
