//! nginx and HAProxy, running by the files that operators copy.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output};

use rcgen::CertifiedKey;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{Browser, CDN, NAME, Place, until};

const INSTALL: &str = "(when it is missing: scripts/need nginx haproxy)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    HaProxy,
    /// nginx once more, in front of a balancer.
    Cdn,
}

/// A balancer in front of the three nodes of a place.
pub struct Balancer {
    pub place: Place,
    kind: Kind,
    folder: TempDir,
    certificate: CertificateDer<'static>,
    child: Option<Child>,
}

impl Kind {
    fn shipped(self) -> &'static str {
        match self {
            Kind::Nginx => include_str!("../../../../../deploy/nginx/duly.conf"),
            Kind::HaProxy => include_str!("../../../../../deploy/haproxy/duly.cfg"),
            Kind::Cdn => include_str!("../../../../../deploy/nginx/cdn.conf"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Nginx | Kind::HaProxy => NAME,
            Kind::Cdn => CDN,
        }
    }

    /// Where it listens; the second is for what is IPv6 elsewhere.
    fn encrypted(self, place: &Place) -> [SocketAddr; 2] {
        match self {
            Kind::Nginx | Kind::HaProxy => place.encrypted(),
            Kind::Cdn => place.cdn(),
        }
    }

    /// The addresses and files that an operator puts in, and those of a test.
    fn edits(self, place: &Place, folder: &str) -> Vec<(String, String)> {
        let nodes = if self == Kind::Cdn { 0 } else { 3_u16 };
        let mut edits: Vec<(String, String)> = (0..nodes)
            .map(|node| {
                let shipped = format!("10.0.0.{}:8080", 11 + node);
                (shipped, place.node(node).to_string())
            })
            .collect();
        let ([plain, other], [encrypted, further]) = (place.plain(), self.encrypted(place));
        let mut edit = |from: &str, to: String| edits.push((from.to_owned(), to));
        match self {
            Kind::Nginx => {
                edit("listen 80;", format!("listen {plain};"));
                edit("listen [::]:80;", format!("listen {other};"));
                edit("listen 443 ", format!("listen {encrypted} "));
                edit("listen [::]:443 ", format!("listen {further} "));
                edit("/etc/ssl/duly/", format!("{folder}/"));
                edit("/var/log/nginx/", format!("{folder}/"));
            }
            Kind::Cdn => {
                let [origin, _] = place.encrypted();
                edit("server duly.example.org:443;", format!("server {origin};"));
                edit("listen 443 ", format!("listen {encrypted} "));
                edit("listen [::]:443 ", format!("listen {further} "));
                edit("/etc/ssl/duly/", format!("{folder}/"));
                edit(
                    "/etc/ssl/certs/ca-certificates.crt",
                    format!("{folder}/origin.pem"),
                );
                edit("/var/cache/nginx/", format!("{folder}/"));
                edit("/var/log/nginx/", format!("{folder}/"));
            }
            Kind::HaProxy => {
                edit("bind :80\n", format!("bind {plain}\n"));
                edit("bind [::]:80 v6only\n", format!("bind {other}\n"));
                edit("bind :443 ", format!("bind {encrypted} "));
                edit("bind [::]:443 v6only ", format!("bind {further} "));
                edit("/etc/haproxy/duly.pem", format!("{folder}/duly.pem"));
                // Whoever runs the tests may not become somebody else.
                edit("    user haproxy\n    group haproxy\n", String::new());
            }
        }
        edits
    }
}

impl Balancer {
    /// Writes its files, and starts nothing.
    pub fn prepared(kind: Kind, place: Place) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = rcgen::generate_simple_self_signed(vec![kind.name().to_owned()]);
        let CertifiedKey { cert, signing_key } = made.expect("a certificate");
        let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
        let own = folder.path().display().to_string();
        // Only what is in force is held to name nothing else.
        let in_force = |line: &&str| !line.trim_start().starts_with('#');
        let lines = kind.shipped().lines().filter(in_force);
        let mut text: String = lines.map(|line| line.to_owned() + "\n").collect();
        for (from, to) in kind.edits(&place, &own) {
            assert!(text.contains(&from), "it has {from:?} no more");
            text = text.replace(&from, &to);
        }
        for foreign in ["10.0.0.", "/etc/", "/var/", "[::]"] {
            assert!(!text.contains(foreign), "{foreign} is left in {text}");
        }
        let around = format!(
            "user root; daemon off; worker_processes 2; pid {own}/pid; error_log {own}/log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ client_body_temp_path {own}/bodies; proxy_temp_path {own}/answers;\n\
             fastcgi_temp_path {own}/1; uwsgi_temp_path {own}/2; scgi_temp_path {own}/3;\n\
             include {own}/duly.conf; }}\n"
        );
        for (name, text) in [
            ("fullchain.pem", certificate.clone()),
            ("privkey.pem", key.clone()),
            ("origin.pem", certificate.clone()),
            ("duly.pem", certificate + &key),
            ("duly.conf", text),
            ("nginx.conf", around),
        ] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Balancer {
            place,
            kind,
            folder,
            certificate: cert.der().clone(),
            child: None,
        }
    }

    /// Starts it and waits until it takes connections.
    pub async fn start(kind: Kind, place: Place) -> Self {
        Self::prepared(kind, place).launch().await
    }

    /// Starts a CDN that fetches from this balancer, which it trusts.
    pub async fn start_cdn(&self) -> Self {
        let cdn = Self::prepared(Kind::Cdn, self.place);
        let trusted = std::fs::copy(
            self.path().join("fullchain.pem"),
            cdn.path().join("origin.pem"),
        );
        trusted.expect("a file");
        cdn.launch().await
    }

    async fn launch(mut self) -> Self {
        let log = std::fs::File::create(self.path().join("said")).expect("a file");
        let errors = log.try_clone().expect("a file");
        let mut command = self.command();
        let started = command.stdout(log).stderr(errors).spawn();
        self.child = Some(started.expect("sh"));
        until("it listens", async || {
            let child = self.child.as_mut().expect("it was started");
            let ended = child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "{} {INSTALL}", self.log());
            let [encrypted, _] = self.kind.encrypted(&self.place);
            TcpStream::connect(encrypted).await.is_ok()
        })
        .await;
        self
    }

    /// Asks it whether its files are right.
    pub fn check(&self) -> Output {
        let mut command = self.command();
        command.arg(match self.kind {
            Kind::Nginx | Kind::Cdn => "-t",
            Kind::HaProxy => "-c",
        });
        command.output().expect("sh")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        // Debian keeps servers out of an ordinary user's path.
        command.args(["-c", "PATH=$PATH:/usr/sbin exec \"$0\" \"$@\""]);
        match self.kind {
            Kind::Nginx | Kind::Cdn => {
                command.args(["nginx", "-p"]).arg(self.path());
                command.arg("-e").arg(self.path().join("log"));
                command.arg("-c").arg(self.path().join("nginx.conf"));
            }
            Kind::HaProxy => {
                command.args(["haproxy", "-db", "-f"]);
                command.arg(self.path().join("duly.conf"));
            }
        }
        command
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A browser that trusts it.
    pub fn browser(&self) -> Browser {
        let [encrypted, _] = self.kind.encrypted(&self.place);
        Browser::new(encrypted, self.kind.name(), &self.certificate)
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.path().join(name));
        let files = ["said", "log", "duly.log"].map(|name| read(name).unwrap_or_default());
        files.concat()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // nginx has children of its own, which this ends as well.
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let told = id.map(|id| kill_process(id, Signal::TERM));
        if !matches!(told, Some(Ok(()))) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }
}
