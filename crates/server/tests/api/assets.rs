//! Files of the page that this release does not have, and that another one has left

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use duly_db::testing::open_again;
use duly_db::{Clock as _, Db, query};
use duly_tracker::assets;
use duly_tracker::jobs::PurgeAssets;
use flate2::read::GzDecoder;

use crate::support::{Answer, Process, TestApp};

const DAY: i64 = 24 * 60 * 60;

/// What the page names when it was built.
const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist/assets");

fn content(name: &str) -> Option<Vec<u8>> {
    Some(format!("the bytes of {name}").into_bytes())
}

/// Does what a node of another release does at its start and once a day.
async fn offer(app: &TestApp, names: &[&str]) -> usize {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let offered = assets::offer(&app.tracker.db, app.tracker.clock.now(), &names, content).await;
    offered.expect("the database works")
}

async fn purge(app: &TestApp) {
    let mut tx = app.tracker.db.begin();
    let pushed = app.tracker.queue.push(&mut tx, &PurgeAssets {}).await;
    pushed.expect("the queue works");
    tx.commit().await.expect("the database works");
    app.run_jobs().await;
}

async fn names(db: &Db) -> Vec<String> {
    let select = query("SELECT name FROM assets ORDER BY name");
    let rows = db.read_fresh().rows(select).await.expect("a table");
    let names = rows.iter().map(|row| row.get("name").expect("text"));
    names.collect()
}

/// All that a client is told of how a file is to be used.
fn terms(answer: &Answer) -> Vec<(String, String)> {
    let headers = answer.headers.iter();
    let headers = headers
        .filter(|(name, _)| !["etag", "content-length", "x-request-id"].contains(&name.as_str()));
    headers
        .map(|(name, value)| {
            let value = value.to_str().expect("text");
            (name.to_string(), value.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn files_of_another_release_are_served_like_our_own() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    let (script, style) = ("board-0ldR3l34.js", "index-0ldR3l34.css");
    let packed = ["", ".br", ".gz"].map(|suffix| format!("{script}{suffix}"));
    let packed = packed.iter().map(String::as_str);
    offer(&app, &packed.chain([style]).collect::<Vec<_>>()).await;
    let path = format!("/assets/{script}");
    let get = |encodings: &str| client.get(&path).header("accept-encoding", encodings);
    let mut tags = BTreeSet::new();
    for (encodings, coding, suffix) in [
        ("gzip, br", "br", ".br"),
        ("gzip", "gzip", ".gz"),
        ("br;q=0.1, gzip", "gzip", ".gz"),
        ("zstd", "", ""),
    ] {
        let answer = get(encodings).await.expect(200);
        assert_eq!(answer.header("content-encoding"), coding, "{encodings}");
        assert_eq!(answer.text(), format!("the bytes of {script}{suffix}"));
        let tag = answer.header("etag").to_owned();
        let known = get(encodings)
            .header("if-none-match", &tag)
            .await
            .expect(304);
        assert!(known.body.is_empty());
        tags.insert(tag);
        if let Some(own) = own_script(&app).await {
            let own = client.get(&own).header("accept-encoding", encodings).await;
            assert_eq!(terms(&answer), terms(&own));
        }
    }
    assert_eq!(tags.len(), 3);
    let plain = client.get(&format!("/assets/{style}"));
    let plain = plain.header("accept-encoding", "br").await.expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("content-type"), "text/css; charset=utf-8");
    for path in [
        format!("{path}.br"),
        format!("/{script}"),
        "/assets/board-N0tTh3r3.js".into(),
    ] {
        let missing = client.get(&path).await.problem(404, "not_found");
        assert_eq!(missing.header("cache-control"), "no-store");
    }
}

/// A script of this release, when the page was built.
async fn own_script(app: &TestApp) -> Option<String> {
    let page = app.anonymous().get("/").header("accept", "text/html").await;
    let page = page.text();
    let (_, rest) = page.split_once("src=\"/assets/")?;
    Some(format!("/assets/{}", rest.split('"').next()?))
}

#[tokio::test]
async fn nonsense_costs_the_database_nothing() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    let before = app.statements();
    for path in [
        "board.js",
        "board-AAAAAAAA",
        "..%2f-AAAAAAAA.js",
        "board-AAAAAAAA.js.br",
        "",
    ] {
        let missing = client.get(&format!("/assets/{path}")).await;
        missing.problem(404, "not_found");
    }
    assert_eq!(app.statements(), before);
    client
        .get("/assets/board-AAAAAAAA.js")
        .await
        .problem(404, "not_found");
    assert_eq!(app.statements(), before + 1);
}

#[tokio::test]
async fn files_that_no_node_has_offered_for_thirty_days_are_deleted() {
    let app = TestApp::new().await;
    let (old, new) = ("board-0ldR3l34.js", "board-N3wR3l34.js");
    assert_eq!(offer(&app, &[old, new]).await, 2);
    app.advance(23 * 60 * 60);
    let before = app.tracker.db.counters().transactions;
    assert_eq!(offer(&app, &[new]).await, 0);
    let transactions = app.tracker.db.counters().transactions - before;
    assert_eq!(transactions, 0, "once a day is enough");
    app.advance(29 * DAY - 23 * 60 * 60);
    assert_eq!(offer(&app, &[new]).await, 0);
    app.advance(DAY);
    purge(&app).await;
    assert_eq!(
        names(&app.tracker.db).await,
        [old, new],
        "not a moment too early"
    );
    app.advance(1);
    purge(&app).await;
    assert_eq!(names(&app.tracker.db).await, [new]);
    let path = |name| format!("/assets/{name}");
    app.anonymous().get(&path(old)).await.expect(404);
    app.anonymous().get(&path(new)).await.expect(200);
}

#[tokio::test]
async fn nodes_that_start_at_the_same_time_do_not_stand_in_each_others_way() {
    let app = TestApp::new().await;
    let mut files: Vec<String> = (10..60).map(|id| format!("chunk-AAAAAA{id}.js")).collect();
    let nodes = (0..4).map(|_| {
        files.rotate_left(13);
        let (files, url, now) = (
            files.clone(),
            app.tracker.database.url().to_owned(),
            app.tracker.clock.now(),
        );
        tokio::spawn(async move {
            let db = open_again(&url).await.expect("the database");
            let offered = assets::offer(&db, now, &files, content).await;
            db.close().await;
            offered.expect("nobody gives way")
        })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.expect("no panic");
    }
    files.sort_unstable();
    assert_eq!(names(&app.tracker.db).await, files);
}

fn location(duly: &Process) -> String {
    format!("sqlite:{}", duly.path().join("assets.db").display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_leaves_its_files_before_it_answers() {
    let mut duly = Process::new();
    duly.variables.push(("DULY_DATABASE__URL", location(&duly)));
    duly.serve(&[]);
    let db = open_again(&location(&duly)).await.expect("the database");
    let left = names(&db).await;
    db.close().await;
    let built = Path::new(DIST).is_dir();
    let files = built.then(|| std::fs::read_dir(DIST).expect("a folder"));
    let files = files
        .into_iter()
        .flatten()
        .map(|file| file.expect("a file").file_name());
    let mut files: Vec<String> = files
        .map(|name| name.into_string().expect("text"))
        .collect();
    files.sort_unstable();
    assert_eq!(left, files);
    let dump = duly.run(&["dump", "-"]).stdout;
    let begin = dump.iter().position(|byte| *byte == b'\n').expect("a line");
    let mut text = String::new();
    let read = GzDecoder::new(&dump[begin + 1..]).read_to_string(&mut text);
    read.expect("gzip");
    assert!(text.contains("instance"), "{text}");
    assert!(!text.contains("\"assets\""), "each release brings its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_files_keeps_nobody_from_starting() {
    let mut duly = Process::new();
    duly.variables.push(("DULY_DATABASE__URL", location(&duly)));
    duly.variables.push(("DULY_LOG__LEVEL", "warn".into()));
    duly.say(&["migrate"]);
    let db = open_again(&location(&duly)).await.expect("the database");
    let mut tx = db.begin();
    let trigger = "CREATE TRIGGER full BEFORE INSERT ON assets \
                   BEGIN SELECT RAISE(ABORT, 'there is no room'); END";
    tx.execute(query(trigger)).await.expect("a trigger");
    tx.commit().await.expect("a trigger");
    db.close().await;
    duly.serve(&[]);
    assert_eq!(duly.status("/readyz").await, 200);
    if Path::new(DIST).is_dir() {
        assert!(duly.log().contains("could not be left"), "{}", duly.log());
    }
}
