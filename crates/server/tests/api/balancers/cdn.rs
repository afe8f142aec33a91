//! A second nginx as the CDN, in front of the one that balances.

use duly_db::Clock as _;
use duly_db::clock::SystemClock;
use duly_db::testing::open_again;
use duly_tracker::assets;
use tokio::net::TcpStream;

use super::browser::Reply;
use super::{Balancer, Browser, CDN, House, Kind, Place};
use crate::support::send_raw;

/// A chunk that only a release of the past had.
const OLD: &str = "board-0ldR3l34.js";

/// Asks the CDN for a file in one form, and answers it with whether the CDN had it.
async fn fetch(cdn: &mut Browser, path: &str, encoding: &str) -> (Reply, String) {
    cdn.headers = vec![("accept-encoding", encoding.to_owned())];
    let reply = cdn.get(path).await;
    let status = reply.headers.get("x-cache-status");
    let status = status.map_or("", |value| value.to_str().expect("text"));
    let status = status.to_owned();
    (reply, status)
}

/// How often nodes were asked for a path.
fn asked(house: &House, path: &str) -> usize {
    let line = format!("GET {path} ");
    let logs = house.nodes.iter().map(|node| node.log());
    logs.map(|log| log.matches(&line).count()).sum()
}

/// The path of the first script of a page, which must come from the CDN.
async fn script(browser: &mut Browser) -> Option<String> {
    browser.headers = vec![("accept", "text/html".into())];
    let page = browser.get("/").await;
    let policy = page.header("content-security-policy").to_owned();
    for part in ["script-src", "style-src", "font-src", "img-src"] {
        let directive = policy.split("; ").find(|found| found.starts_with(part));
        let directive = directive.expect("this part");
        assert!(directive.ends_with(&format!(" https://{CDN}")), "{policy}");
    }
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert_eq!(page.header("vary"), "Cookie");
    let text = String::from_utf8(page.body.to_vec()).expect("text");
    if text.contains("make web") {
        return None;
    }
    assert!(!text.contains("\"/assets/"), "{text}");
    let (_, rest) = text
        .split_once(&format!("src=\"https://{CDN}/"))
        .expect("a script of the CDN");
    Some(format!("/{}", rest.split('"').next().expect("a path")))
}

async fn assert_is_kept(cdn: &mut Browser, house: &House, path: &str) {
    let mut bodies = Vec::new();
    for (count, encoding) in ["br", "gzip", "identity"].into_iter().enumerate() {
        for expected in ["MISS", "HIT"] {
            let (reply, status) = fetch(cdn, path, encoding).await;
            assert_eq!((reply.status.as_u16(), status.as_str()), (200, expected));
            let coding = reply.headers.get("content-encoding");
            let coding = coding.map_or("identity", |value| value.to_str().expect("text"));
            assert_eq!(coding, encoding);
            for (name, value) in [
                ("cache-control", "public, max-age=31536000, immutable"),
                ("vary", "Accept-Encoding"),
                ("access-control-allow-origin", "*"),
                ("timing-allow-origin", "*"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("content-type", "text/javascript; charset=utf-8"),
            ] {
                assert_eq!(reply.header(name), value, "{name} of {path}");
            }
            assert_eq!(asked(house, path), count + 1, "a hit costs Duly nothing");
            bodies.push(reply.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 3, "each form is kept by itself");
    let (reply, status) = fetch(cdn, path, "br").await;
    assert_eq!(status, "HIT");
    assert_eq!(reply.body, bodies[0]);
}

async fn assert_keeps_nothing_else(cdn: &mut Browser, house: &House) {
    let missing = "/assets/board-NotTh3r3.js";
    for count in 1..3 {
        let (reply, status) = fetch(cdn, missing, "br").await;
        assert_eq!((reply.status.as_u16(), status.as_str()), (404, "MISS"));
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(asked(house, missing), count);
    }
    for path in ["/", "/api/v1/me", "/api/openapi.json", "/readyz"] {
        assert_eq!(cdn.get(path).await.status, 404, "{path}");
        assert_eq!(asked(house, path), usize::from(path == "/"), "{path}");
    }
    let change = cdn.ask("POST", missing, None).await;
    assert_eq!(change.expect("an answer").status, 403);
}

/// Leaves what a node of another release would have left.
async fn leave_old_release(house: &House) {
    let db = open_again(&house.database).await.expect("the database");
    let names = ["", ".br", ".gz"].map(|suffix| format!("{OLD}{suffix}"));
    let read = |name: &str| Some(format!("the bytes of {name}").into_bytes());
    let offered = assets::offer(&db, SystemClock.now(), &names, read).await;
    assert_eq!(offered.expect("it is left"), names.len());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_by_way_of_a_cdn_and_nothing_else_does() {
    let place = Place::new();
    let setting = ("DULY_HTTP__ASSETS_URL", format!("https://{CDN}"));
    let mut house = House::start_with(place, &[setting]);
    let balancer = Balancer::start(Kind::Nginx, place).await;
    let cdn = balancer.start_cdn().await;
    let (mut browser, mut elsewhere) = (balancer.browser(), cdn.browser());

    if let Some(script) = script(&mut browser).await {
        assert_is_kept(&mut elsewhere, &house, &script).await;
    }
    assert_keeps_nothing_else(&mut elsewhere, &house).await;

    leave_old_release(&house).await;
    let old = format!("/assets/{OLD}");
    assert_is_kept(&mut elsewhere, &house, &old).await;
    for node in 0..3 {
        let mut stream = TcpStream::connect(place.node(node))
            .await
            .expect("it listens");
        let request = format!("GET {old} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = send_raw(&mut stream, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    // What is kept needs nobody any more.
    house.nodes.iter_mut().for_each(|node| node.kill());
    let (reply, status) = fetch(&mut elsewhere, &old, "gzip").await;
    assert_eq!((reply.status.as_u16(), status.as_str()), (200, "HIT"));
    assert_eq!(reply.body, format!("the bytes of {OLD}.gz"));
}
