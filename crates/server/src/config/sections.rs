//! The settings as types, one struct per section of `config.default.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duly_db::{Location, Options};
use duly_tracker::LoginAttempts;
use duly_tracker::mail::{EnvelopeSender, Sender, SmtpSettings};
use duly_tracker::users::Registration;

use super::cache::{self, Cache};
use super::error_reports::{self, ErrorReporting};
use super::layers::Layers;
use super::log::{self, Log};
use super::operations::{self, Operations};
use super::queue::{self, QueueSettings};
use super::reader::Reader;
use super::value::{Network, duration};
use super::worker::{self, WorkerSettings};
use super::{Fault, alarms, limits};
use crate::alarms::AlarmSettings;
use crate::limits::Rules;

/// Every setting.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[http]`
    pub http: Http,
    /// `[operations]`
    pub operations: Operations,
    /// `[database]`
    pub database: Database,
    /// `[cache]`
    pub cache: Cache,
    /// `[queue]`
    pub queue: QueueSettings,
    /// `[limits]`
    pub limits: Rules,
    /// `[mail]`
    pub mail: Mail,
    /// `[accounts]`
    pub accounts: Accounts,
    /// `[tasks]`
    pub tasks: Tasks,
    /// `[activity]`
    pub activity: Activity,
    /// `[notifications]`
    pub notifications: Notifications,
    /// `[worker]`
    pub worker: WorkerSettings,
    /// `[alarms]`
    pub alarms: AlarmSettings,
    /// `[error_reports]`
    pub error_reports: ErrorReporting,
    /// `[log]`
    pub log: Log,
}

/// `[http]`; `config.default.toml` says what each means.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "config.default.toml documents them")]
pub struct Http {
    pub listen: SocketAddr,
    /// Without a trailing slash, never empty.
    pub public_url: String,
    pub trusted_proxies: Vec<Network>,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    /// In bytes.
    pub body_limit: usize,
    /// In bytes.
    pub import_limit: usize,
    /// Zero: no balancer has to notice.
    pub drain_delay: Duration,
    pub drain_timeout: Duration,
    /// Without a trailing slash.
    pub assets_url: Option<String>,
}

impl Http {
    /// Whether people reach Duly by TLS, so that cookies can insist on it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// `[database]`
#[derive(Debug, Clone)]
pub struct Database {
    /// Where it is and how it is opened.
    pub options: Options,
}

impl Database {
    /// The file, when it is SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.options.location {
            Location::File(path) => Some(path),
            Location::Server { .. } => None,
        }
    }

    /// The folder for what is kept beside the database.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let beside = self.file().and_then(Path::parent);
        beside.map_or_else(|| "data".into(), Path::to_path_buf)
    }

    /// Where the database is, without its password.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.options.location {
            Location::File(path) => path.display().to_string(),
            Location::Server { primary, .. } => primary.to_string(),
        }
    }
}

/// `[mail]`
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server to hand mails to; without one they are written as files.
    pub server: Option<SmtpSettings>,
    /// The sender.
    pub from: Sender,
}

/// `[accounts]`; `config.default.toml` says what each means.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "config.default.toml documents them")]
pub struct Accounts {
    pub registration: Registration,
    pub password_min_length: usize,
    pub session_idle: Duration,
    pub session_lifetime: Duration,
    pub login_attempts: LoginAttempts,
    /// In KiB.
    pub argon2_memory: u32,
    pub argon2_iterations: u32,
    /// Never zero.
    pub argon2_parallel: usize,
}

/// `[tasks]`
#[derive(Debug, Clone)]
pub struct Tasks {
    /// How many days a deleted task can be restored.
    pub trash_days: u16,
}

/// `[activity]`
#[derive(Debug, Clone)]
pub struct Activity {
    /// For how long entries of the activity log are kept.
    pub keep: Duration,
}

/// `[notifications]`
#[derive(Debug, Clone)]
pub struct Notifications {
    /// For how long receipts are kept.
    pub keep: Duration,
}

/// Reads every section, and everything that is wrong with any of them.
pub(super) fn read(layers: &Layers) -> (Option<Config>, Vec<Fault>) {
    let mut reader = Reader::new(layers);
    let http = http(reader.section("http"));
    let operations = operations::read(reader.section("operations"));
    let database = database(reader.section("database"));
    let cache = cache::read(reader.section("cache"));
    let queue = queue::read(reader.section("queue"));
    let limits = limits::read(reader.section("limits"));
    let mail = mail(reader.section("mail"));
    let accounts = accounts(reader.section("accounts"));
    let trash_days = reader.section("tasks").number("trash_days", 1, 3650);
    let keep = reader.section("activity").duration("keep");
    let told_keep = notifications_keep(reader.section("notifications"));
    let worker = worker::read(reader.section("worker"));
    let alarms = alarms::read(reader.section("alarms"));
    let error_reports = error_reports::read(reader.section("error_reports"));
    let log = log::read(reader.section("log"));
    let config = || {
        let tasks = Tasks {
            trash_days: trash_days?,
        };
        Some(Config {
            http: http?,
            operations: operations?,
            database: database?,
            cache: cache?,
            queue: queue?,
            limits: limits?,
            mail: mail?,
            accounts: accounts?,
            tasks,
            activity: Activity { keep: keep? },
            notifications: Notifications { keep: told_keep? },
            worker: worker?,
            alarms: alarms?,
            error_reports: error_reports?,
            log: log?,
        })
    };
    (config(), reader.faults())
}

fn http(reader: &mut Reader<'_>) -> Option<Http> {
    let listen: Option<SocketAddr> = reader.text(
        "listen",
        "an address and a port, like 127.0.0.1:8080",
        |text| text.parse().ok(),
    );
    let public_url = reader.text(
        "public_url",
        "empty or a URL like https://duly.example.org",
        url,
    );
    let trusted_proxies = reader.list("trusted_proxies", "a network like 10.0.0.0/8", |text| {
        text.parse().ok()
    });
    let max_connections = reader.number("max_connections", 1, 1_000_000);
    let per_address = reader.number("max_connections_per_address", 1, 1_000_000);
    let header_timeout = reader.duration("header_timeout");
    let body_timeout = reader.duration("body_timeout");
    let body_limit = reader.size("body_limit", 1024, 64 * 1024 * 1024);
    let import_limit = reader.size("import_limit", 1024, 256 * 1024 * 1024);
    let drain_delay = reader.delay("drain_delay");
    let drain_timeout = reader.duration("drain_timeout");
    let assets_url = reader.text(
        "assets_url",
        "empty or a URL like https://cdn.example.org",
        url,
    );
    let listen = listen?;
    Some(Http {
        listen,
        public_url: public_url?.unwrap_or_else(|| format!("http://{listen}")),
        trusted_proxies: trusted_proxies?,
        max_connections: max_connections?,
        max_connections_per_address: per_address?,
        header_timeout: header_timeout?,
        body_timeout: body_timeout?,
        body_limit: body_limit?,
        import_limit: import_limit?,
        drain_delay: drain_delay?,
        drain_timeout: drain_timeout?,
        assets_url: assets_url?,
    })
}

fn database(reader: &mut Reader<'_>) -> Option<Database> {
    let replicas = reader.list("replicas", "addresses", |text| Some(text.to_owned()));
    let location = reader.judged("url", |url| {
        Location::parse(url, replicas.as_deref().unwrap_or_default())
            .map_err(|wrong| wrong.to_string())
    });
    let mut options = Options::at(location?);
    options.readers = reader.number("readers", 1, 64)?;
    options.connections = reader.number("connections", 1, 1000)?;
    options.primary_reads = reader.number("primary_reads", 1, 1000)?;
    options.replica_lag = reader.duration("replica_lag")?;
    options.statement_timeout = reader.duration("statement_timeout")?;
    options.wait_timeout = reader.duration("wait_timeout")?;
    options.slow_query = reader.duration("slow_query")?;
    options.slow_query_values = reader.truth("slow_query_values");
    Some(Database { options })
}

fn mail(reader: &mut Reader<'_>) -> Option<Mail> {
    let must = "a sender like Duly <duly@example.org>";
    let from: Sender = reader.text("from", must, |text| text.parse().ok())?;
    let bounces = reader.judged("bounces", |text| match text {
        "" => Ok(None),
        address => address.parse::<EnvelopeSender>().map(Some),
    });
    let server = reader.judged("url", |text| match text {
        "" => Ok(None),
        url => SmtpSettings::from_url(url, from.clone())
            .map(Some)
            .map_err(|wrong| wrong.to_string()),
    });
    let (bounces, server) = (bounces?, server?);
    Some(Mail {
        server: server.map(|server| SmtpSettings { bounces, ..server }),
        from,
    })
}

fn accounts(reader: &mut Reader<'_>) -> Option<Accounts> {
    let registration = reader.text(
        "registration",
        "open, invite or closed",
        |text| match text {
            "open" => Some(Registration::Open),
            "invite" => Some(Registration::Invite),
            "closed" => Some(Registration::Closed),
            _ => None,
        },
    );
    let password_min_length = reader.number("password_min_length", 8, 64);
    let session_idle = reader.duration("session_idle");
    let session_lifetime = reader.duration("session_lifetime");
    let per_pair = reader.number("login_attempts_per_pair", 1, 1000);
    let per_account = reader.number("login_attempts_per_account", 1, 10_000);
    let per_address = reader.number("login_attempts_per_address", 1, 100_000);
    // Less than this can be guessed too fast (OWASP, Password Storage Cheat Sheet).
    let memory: Option<u32> = reader.size("argon2_memory", 19 * 1024 * 1024, 1024 * 1024 * 1024);
    let argon2_iterations = reader.number("argon2_iterations", 2, 100);
    let argon2_parallel: Option<usize> = reader.number("argon2_parallel", 0, 1024);
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Some(Accounts {
        registration: registration?,
        password_min_length: password_min_length?,
        session_idle: session_idle?,
        session_lifetime: session_lifetime?,
        login_attempts: LoginAttempts {
            per_pair: per_pair?,
            per_account: per_account?,
            per_address: per_address?,
        },
        argon2_memory: memory? / 1024,
        argon2_iterations: argon2_iterations?,
        argon2_parallel: match argon2_parallel? {
            0 => processors(),
            chosen => chosen,
        },
    })
}

/// Receipts keep anybody from being told twice, so they have to outlast every reminder's day.
fn notifications_keep(reader: &mut Reader<'_>) -> Option<Duration> {
    let least = Duration::from_secs(30 * 86_400);
    reader.text("keep", "at least 30d, like 90d or 2y", |text| {
        duration(text).filter(|found| *found >= least)
    })
}

/// `Some(None)` when empty, without a trailing slash.
#[expect(
    clippy::option_option,
    reason = "wrong, left empty and given are three things"
)]
fn url(text: &str) -> Option<Option<String>> {
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Some(None);
    }
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let plain = !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.contains(['@', '?', '#', ' ', '"', '<', '>', ';', ',']);
    (plain && rest.is_ascii()).then(|| Some(text.to_owned()))
}
