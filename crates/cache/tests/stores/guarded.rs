//! Redis behind TLS, and for a user who may do only what is needed.

use std::path::Path;

use duly_cache::limits::Shared as _;
use duly_cache::redis::{Kind, inspect};
use duly_cache::testing::{RedisCluster, RedisSentinels, RedisServer, free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::counting::{API, is_admitted, node, noon, of};
use super::rules::{same_as_the_rules, steps};
use super::{catch_up, connected, connection, floor, introduce, is_given_up, owner, raise};

/// Writes an authority, and a certificate by it for this machine.
fn certify(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // OpenSSL takes a certificate for its own authority when both have the same name.
    let name = DnType::CommonName;
    params.distinguished_name.push(name, "the authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    for (name, text) in [
        ("ca.pem", authority.pem()),
        ("server.pem", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// What names the certificate to a server.
fn certificate(folder: &Path) -> Vec<String> {
    let options = [
        ("--tls-auth-clients", "no".into()),
        ("--tls-ca-cert-file", folder.join("ca.pem")),
        ("--tls-cert-file", folder.join("server.pem")),
        ("--tls-key-file", folder.join("server.key")),
    ];
    let options = options.map(|(name, value)| [name.to_owned(), value.to_str().unwrap().into()]);
    options.concat()
}

/// A server with a certificate, and where it is by TLS.
fn encrypted(folder: &Path) -> (RedisServer, String) {
    let port = free_port().to_string();
    let certificate = certificate(folder);
    let mut options = vec!["--tls-port", &port];
    options.extend(certificate.iter().map(String::as_str));
    let server = RedisServer::with(&options);
    (server, format!("rediss://127.0.0.1:{port}"))
}

#[tokio::test]
async fn a_server_is_believed_by_whom_vouches_for_it() {
    let (ours, foreign) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    certify(ours.path());
    certify(foreign.path());
    let (_server, url) = encrypted(ours.path());
    let by = |folder: &TempDir| format!("{url}?ca={}/ca.pem", folder.path().display());
    let redis = connected(&by(&ours)).await;
    assert!(introduce(&redis, 1, 5).await && raise(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, Some(6));
    let refused = async |url: String| inspect(&url.parse().unwrap()).await.unwrap_err().0;
    let said = refused(by(&foreign)).await;
    assert!(said.contains("invalid peer certificate"), "{said}");
    let said = refused(url.clone()).await;
    assert!(said.contains("invalid peer certificate"), "{said}");
    let said = refused(format!("{url}?ca=/nowhere/ca.pem")).await;
    assert!(said.contains("/nowhere/ca.pem: No such file"), "{said}");
}

#[tokio::test]
async fn a_cluster_is_believed_by_whom_vouches_for_it() {
    let folder = TempDir::new().unwrap();
    certify(folder.path());
    let certificate = certificate(folder.path());
    let options: Vec<&str> = certificate.iter().map(String::as_str).collect();
    let cluster = RedisCluster::encrypted(&options);
    let url = format!("{}?ca={}/ca.pem", cluster.url(), folder.path().display());
    let redis = connected(&url).await;
    for seed in 0..20 {
        same_as_the_rules(&redis, owner(seed.into()), &steps(seed)).await;
    }
    let unknown = inspect(&cluster.url().parse().unwrap()).await;
    assert!(unknown.is_err(), "{unknown:?}");
}

/// What the operator book says that such a user may do.
fn rights() -> &'static str {
    const PAGE: &str = include_str!("../../../../docs/operator/nodes.md");
    let mut lines = PAGE.lines();
    lines.find(|line| line.starts_with("ACL SETUSER")).unwrap()
}

fn guarded(url: &str) -> String {
    url.replace("://", "://duly:secret-of-redis@")
}

#[tokio::test]
async fn a_user_with_the_rights_in_the_book_can_do_everything() {
    let (server, clock) = (RedisServer::start(), noon());
    assert_eq!(server.say(rights()), "+OK");
    let url = guarded(&server.url());
    let redis = connected(&url).await;
    for seed in 0..20 {
        same_as_the_rules(&redis, owner(seed.into()), &steps(seed)).await;
    }
    let node = node(&url, &clock).await;
    assert!(is_admitted(&node, &API, "ann").await);
    node.redis.take_back(&[of(&API, "ann")]).await.unwrap();
    node.redis.forget(&[of(&API, "ann")]).await.unwrap();
    assert!(is_admitted(&node, &API, "ann").await);
    assert_eq!(node.redis.used().await.unwrap().len(), 1);
    assert_eq!(node.redis.clear(&|_| true).await.unwrap().len(), 1);
    // Another epoch than the one that was evicted.
    assert_eq!(server.say("FLUSHALL"), "+OK");
    catch_up(&redis).await;
    assert!(connection(&redis).is_some() && raise(&redis, 1, 6).await);
    assert_eq!(
        inspect(&url.parse().unwrap()).await.unwrap().kind,
        Kind::One
    );
    assert_eq!(server.list("ACL LOG"), [""; 0], "nothing was refused");
    let said = inspect(&url.replace("of-redis", "of-mine").parse().unwrap()).await;
    let said = said.unwrap_err().0;
    assert!(
        said.contains("authentication") && !said.contains("mine"),
        "{said}"
    );
}

#[tokio::test]
async fn the_same_user_can_do_everything_in_a_cluster() {
    let (cluster, clock) = (RedisCluster::start(), noon());
    for at in 0..3 {
        assert_eq!(cluster.master(at).say(rights()), "+OK");
    }
    let url = guarded(&cluster.url());
    let redis = connected(&url).await;
    for seed in 0..20 {
        same_as_the_rules(&redis, owner(seed.into()), &steps(seed)).await;
    }
    let node = node(&url, &clock).await;
    assert!(is_admitted(&node, &API, "ann").await);
    assert_eq!(node.redis.clear(&|_| true).await.unwrap().len(), 1);
    let seen = inspect(&url.parse().unwrap()).await.unwrap();
    assert_eq!(seen.kind, Kind::Cluster { masters: 3 });
    let slot = cluster.slot(&format!("duly:{{{}}}:here", owner(1_000)));
    cluster.begin_to_move(slot, (cluster.owner_of(slot) + 1) % 3);
    assert!(introduce(&redis, 1_000, 5).await, "what is new is sent on");
    for at in 0..3 {
        assert_eq!(cluster.master(at).list("ACL LOG"), [""; 0]);
    }
}

#[tokio::test]
async fn the_same_user_is_known_to_whoever_sentinels_name() {
    let servers = RedisSentinels::start();
    for server in servers.servers() {
        assert_eq!(server.say(rights()), "+OK");
    }
    let redis = connected(&guarded(&servers.url())).await;
    assert!(introduce(&redis, 1, 5).await);
    servers.first().kill();
    is_given_up(&redis, 1).await;
    let next = servers.wait_for_failover();
    catch_up(&redis).await;
    assert!(introduce(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, Some(6));
    assert_eq!(next.list("ACL LOG"), [""; 0]);
}
