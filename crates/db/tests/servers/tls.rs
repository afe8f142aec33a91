use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use duly_db::testing::Cluster;
use duly_db::{Db, Engine, query};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::{open, refusal};

/// An authority of a test's own, and a certificate by it for `localhost` and no address.
struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

impl Certificates {
    fn make() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        Certificates {
            certificate: params.signed_by(&key, &authority).unwrap().pem(),
            authority: authority.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Writes them for the member to read, and the authority for us, with a foreign one beside it.
    fn write(&self, member: &Path) {
        for (name, text) in [
            ("authority.pem", &self.authority),
            ("foreign.pem", &Certificates::make().authority),
            ("server.pem", &self.certificate),
            ("server.key", &self.key),
        ] {
            let file = member.join(name);
            std::fs::write(&file, text).unwrap();
            let owner = std::fs::metadata(member).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
            let mode = if name == "server.key" { 0o600 } else { 0o644 };
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        }
    }
}

fn with_tls(engine: Engine) -> Option<(Cluster, PathBuf)> {
    let cluster = Cluster::start(engine, &["--without-replicas"])?;
    let folder = cluster.folder().join("primary");
    Certificates::make().write(&folder);
    Some((cluster, folder))
}

/// The host is a name, as the certificate says, or an address.
fn named(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

async fn opened(url: &str) -> Db {
    match open(url).await {
        Ok(db) => db,
        Err(error) => panic!("{url}: {error}"),
    }
}

async fn answer(db: &Db, asked: &'static str) -> String {
    let rows = db.read_fresh().rows(query(asked)).await.unwrap();
    rows[0].get("answer").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tls_mode_of_postgresql_keeps_its_word() {
    let Some((cluster, folder)) = with_tls(Engine::Postgres) else {
        return;
    };
    let url = cluster.url("primary");
    let refused = refusal(&format!("{url}?sslmode=require")).await;
    assert!(
        refused.contains("TLS"),
        "before the server knows any: {refused}"
    );
    for (setting, file) in [
        ("ssl_cert_file", "server.pem"),
        ("ssl_key_file", "server.key"),
    ] {
        let file = folder.join(file);
        let set = format!("ALTER SYSTEM SET {setting} = '{}'", file.display());
        cluster.sql("primary", &set);
    }
    cluster.sql("primary", "ALTER SYSTEM SET ssl = on");
    cluster.operate("kill", "primary");
    cluster.operate("resume", "primary");

    let authority = folder.join("authority.pem");
    let trusted = format!("sslrootcert={}", authority.display());
    let foreign = format!("sslrootcert={}", folder.join("foreign.pem").display());
    let is_encrypted =
        "SELECT CAST(ssl AS text) AS answer FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for (host, mode, encrypted) in [
        (&named(&url), format!("verify-full&{trusted}"), "true"),
        (&url, format!("verify-ca&{trusted}"), "true"),
        (&url, "require".into(), "true"),
        (&url, "prefer".into(), "true"),
        (&url, "disable".into(), "false"),
    ] {
        let db = opened(&format!("{host}?sslmode={mode}")).await;
        assert_eq!(answer(&db, is_encrypted).await, encrypted, "{mode}");
        db.close().await;
    }
    for (host, mode) in [
        (&url, format!("verify-full&{trusted}")),
        (&named(&url), format!("verify-full&{foreign}")),
        (&named(&url), "verify-full".into()),
        (&url, format!("verify-ca&{foreign}")),
    ] {
        let reason = refusal(&format!("{host}?sslmode={mode}")).await;
        assert!(reason.contains("certificate"), "{mode}: {reason}");
        assert!(reason.contains("sslrootcert"), "{mode}: {reason}");
    }
    missing_file(&format!("{url}?sslmode=verify-ca&sslrootcert=/nowhere.pem")).await;
}

async fn missing_file(url: &str) {
    let reason = refusal(url).await;
    assert!(
        reason.contains("a file that the address names is missing"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tls_mode_of_mariadb_keeps_its_word() {
    let Some((cluster, folder)) = with_tls(Engine::MariaDb) else {
        return;
    };
    cluster.sql("primary", "CREATE DATABASE duly CHARACTER SET utf8mb4");
    let url = cluster.url("primary");
    let (server, _) = url.rsplit_once('/').unwrap();
    let url = format!("{server}/duly");
    let refused = refusal(&format!("{url}?ssl-mode=REQUIRED")).await;
    assert!(
        refused.contains("TLS"),
        "before the server knows any: {refused}"
    );
    let settings = folder.join("my.cnf");
    let mut text = std::fs::read_to_string(&settings).unwrap();
    for (setting, file) in [("ssl_cert", "server.pem"), ("ssl_key", "server.key")] {
        text += &format!("{setting} = {}\n", folder.join(file).display());
    }
    std::fs::write(&settings, text).unwrap();
    cluster.operate("kill", "primary");
    cluster.operate("resume", "primary");

    let trusted = format!("ssl-ca={}", folder.join("authority.pem").display());
    let foreign = format!("ssl-ca={}", folder.join("foreign.pem").display());
    let is_encrypted = "SELECT IF(VARIABLE_VALUE = '', 'false', 'true') AS answer \
         FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'";
    for (host, mode, encrypted) in [
        (&named(&url), format!("VERIFY_IDENTITY&{trusted}"), "true"),
        (&url, format!("VERIFY_CA&{trusted}"), "true"),
        (&url, "REQUIRED".into(), "true"),
        (&url, "PREFERRED".into(), "true"),
        (&url, "DISABLED".into(), "false"),
    ] {
        let db = opened(&format!("{host}?ssl-mode={mode}")).await;
        assert_eq!(answer(&db, is_encrypted).await, encrypted, "{mode}");
        db.close().await;
    }
    for (host, mode) in [
        (&url, format!("VERIFY_IDENTITY&{trusted}")),
        (&named(&url), format!("VERIFY_IDENTITY&{foreign}")),
        (&named(&url), "VERIFY_IDENTITY".into()),
        (&url, format!("VERIFY_CA&{foreign}")),
    ] {
        let reason = refusal(&format!("{host}?ssl-mode={mode}")).await;
        assert!(reason.contains("certificate"), "{mode}: {reason}");
        assert!(reason.contains("ssl-ca"), "{mode}: {reason}");
    }
    missing_file(&format!("{url}?ssl-mode=VERIFY_CA&ssl-ca=/nowhere.pem")).await;
}
