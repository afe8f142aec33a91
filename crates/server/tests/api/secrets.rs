//! No secret leaves Duly by its logs, its figures, its traces or its jobs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use duly_cache::testing::RedisServer;
use duly_db::testing::{Cluster, TestDatabase, open_again};
use duly_db::{Db, Engine, query};
use duly_server::start::SCHEMA;
use serde_json::{Value, json};

use crate::operations;
use crate::support::{Connection, MailServer, Process};
use crate::traces::{By, Collector};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

const PASSWORD: &str = "correct horse battery";
const WRONG_PASSWORD: &str = "planted-wrong-password";
const NEW_PASSWORD: &str = "another planted battery";
const TITLE: &str = "Planted title of a task";

/// What stands in the settings, and what people write.
const PLANTED: [&str; 9] = [
    PASSWORD,
    WRONG_PASSWORD,
    NEW_PASSWORD,
    TITLE,
    "planted-description",
    "planted-search",
    "planted-mail-password",
    "planted-redis-password",
    "planted-webhook-path",
];

/// Where jobs and their attempts are.
const JOBS: [&str; 5] = [
    "SELECT payload, tags FROM jobs",
    "SELECT payload, tags, error FROM failed_jobs",
    "SELECT payload, tags, log FROM finished_jobs",
    "SELECT error, log FROM job_attempts",
    "SELECT payload, tags FROM job_outbox",
];

struct House {
    duly: Process,
    mails: MailServer,
    operators: SocketAddr,
    /// What must not be found.
    secrets: Vec<String>,
}

/// A Duly with every secret that settings can hold.
async fn house(collector: &Collector, redis: &RedisServer, url: &str) -> House {
    redis.say("CONFIG SET requirepass planted-redis-password");
    let redis = format!("redis://:planted-redis-password@127.0.0.1:{}", redis.port());
    let mails = MailServer::start().await;
    let mail = format!(
        "smtp://duly:planted-mail-password@127.0.0.1:{}?tls=none",
        mails.port
    );
    let operators = operations::free_address();
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_DATABASE__URL", url.to_owned()),
        ("DULY_CACHE__URL", redis.clone()),
        ("DULY_QUEUE__URL", redis),
        ("DULY_MAIL__URL", mail),
        (
            "DULY_ALARMS__WEBHOOK_URL",
            "http://127.0.0.1:9/planted-webhook-path".into(),
        ),
        (
            "DULY_ALARMS__PING_URL",
            "http://127.0.0.1:9/planted-webhook-path".into(),
        ),
        ("DULY_OPERATIONS__LISTEN", operators.to_string()),
        ("DULY_DATABASE__SLOW_QUERY", "1ms".into()),
        ("DULY_WORKER__POLL", "100ms".into()),
        ("DULY_LOG__FORMAT", "json".into()),
        ("DULY_LOG__LEVEL", "trace".into()),
    ];
    collector.collect(&mut duly);
    duly.serve(&[]);
    let mut secrets: Vec<String> = PLANTED.map(str::to_owned).into();
    let login = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'));
    let password = login.and_then(|(login, _)| login.split_once(':'));
    secrets.extend(password.map(|(_, password)| password.to_owned()));
    House {
        duly,
        mails,
        operators,
        secrets,
    }
}

impl House {
    /// The secret of the link in the next mail, which is planted as well.
    async fn mailed_token(&mut self) -> String {
        let mail = self
            .mails
            .mail()
            .await
            .replace("=\n", "")
            .replace("=3D", "=");
        let (_, rest) = mail.split_once("token=").expect("a link");
        let is_part = |found: char| found.is_ascii_alphanumeric() || "-_.".contains(found);
        let token: String = rest.chars().take_while(|found| is_part(*found)).collect();
        assert!(token.len() > 20, "{mail}");
        self.secrets.push(token.clone());
        token
    }

    fn plant_session(&mut self, client: &Connection) {
        let cookie = client.cookie.clone().expect("a cookie");
        let (_, value) = cookie.split_once('=').expect("a value");
        self.secrets.push(value.to_owned());
    }

    /// Where a secret is found, if it is.
    fn leak(&self, place: &str, text: &str) -> Option<String> {
        let found = self.secrets.iter().find(|secret| text.contains(*secret))?;
        let line = text.lines().find(|line| line.contains(found))?;
        Some(format!("{found} is in {place}: {line}"))
    }
}

async fn post(client: &mut Connection, path: &str, body: Value) -> Value {
    client
        .send("POST", path, Some(body))
        .await
        .expect("it runs")
}

/// Does all that has to do with secrets.
async fn live(house: &mut House, db: &Db) {
    let mut client = house.duly.connect().await;
    let email = "ann@example.org";
    let body = json!({ "name": "Ann", "email": email, "password": PASSWORD });
    post(&mut client, "/api/v1/register", body).await;
    house.plant_session(&client);
    let token = house.mailed_token().await;
    post(
        &mut client,
        "/api/v1/email/confirm",
        json!({ "token": token }),
    )
    .await;
    let login = |password: &str| json!({ "email": email, "password": password });
    let mut other = house.duly.connect().await;
    let refused = other
        .status("POST", "/api/v1/login", login(WRONG_PASSWORD))
        .await;
    assert_eq!(refused, 401);
    post(
        &mut other,
        "/api/v1/password/forgot",
        json!({ "email": email }),
    )
    .await;
    let token = house.mailed_token().await;
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    post(&mut other, "/api/v1/password/reset", body).await;
    post(&mut client, "/api/v1/login", login(NEW_PASSWORD)).await;
    house.plant_session(&client);
    let body = json!({ "name": "x", "abilities": ["*"] });
    let made = post(&mut client, "/api/v1/tokens", body).await;
    let token = made["token"].as_str().expect("a token");
    house
        .secrets
        .extend([token.to_owned(), token[15..40].to_owned()]);
    let tomorrow = duly_db::Clock::now(&duly_db::clock::SystemClock).to_string();
    let body =
        json!({ "title": TITLE, "description": "planted-description", "due_date": tomorrow[..10] });
    post(&mut client, "/api/v1/tasks", body).await;
    let found = client
        .send("GET", "/api/v1/tasks?q=planted-search", None)
        .await;
    found.expect("it runs");
    remind(db).await;
    while !house.mails.mail().await.replace("=\n", "").contains(TITLE) {}
    // What has become of a job in Redis is written down a moment later.
    let deadline = Instant::now() + PATIENCE;
    while !jobs(db).await.contains("notification") {
        assert!(Instant::now() < deadline, "the job was not recorded");
        tokio::task::yield_now().await;
    }
}

/// Has the time of everybody's reminder come.
async fn remind(db: &Db) {
    let mut tx = db.begin();
    let wishes = "UPDATE users SET reminder_minute = 0";
    tx.execute(query(wishes)).await.expect("it works");
    let due = "UPDATE reminder_schedules SET next_run = ?1, last_day = '2026-01-01'";
    let now = duly_db::Clock::now(&duly_db::clock::SystemClock);
    tx.execute(query(due).bind(now)).await.expect("it works");
    tx.commit().await.expect("it works");
}

/// What the database holds of jobs.
async fn jobs(db: &Db) -> String {
    let mut text = String::new();
    for select in JOBS {
        for row in db.read_fresh().rows(query(select)).await.expect("it works") {
            text.push_str(&format!("{row:?}\n"));
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_told_to_anybody() {
    // Servers of its own: Duly refuses those that could lose what they were told.
    let cluster = [Engine::Postgres, Engine::MariaDb]
        .into_iter()
        .find_map(|engine| Cluster::start(engine, &["--durable", "--without-replicas"]));
    let place = cluster.as_ref().map(|cluster| cluster.url("primary"));
    let database = TestDatabase::at(place, &SCHEMA).await;
    let (collector, redis) = (Collector::start(By::Http).await, RedisServer::start());
    let mut house = house(&collector, &redis, database.url()).await;
    live(&mut house, &database).await;
    let metrics = operations::ask(house.operators, "GET /metrics").await;
    let (status, metrics) = metrics.expect("it listens");
    assert_eq!(status, 200);
    assert!(house.duly.stop(), "{}", house.duly.log());
    let db = open_again(database.url())
        .await
        .expect("the database works");

    let jobs = jobs(&db).await;
    let traces = String::from_utf8_lossy(&collector.bytes()).into_owned();
    let places = [
        ("the log", house.duly.log()),
        ("the figures", metrics),
        ("the traces", traces),
        ("the jobs", jobs),
    ];
    let seen = [
        "/api/v1/tasks",
        "http_server",
        "process send",
        "notification",
    ];
    for ((place, text), seen) in places.iter().zip(seen) {
        assert!(text.contains(seen), "{place}: {text}");
        assert_eq!(house.leak(place, text), None);
    }
}
