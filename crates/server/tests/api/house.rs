//! Moving house with the real binary; `servers::page` does it between engines

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use age::secrecy::ExposeSecret as _;
use duly_db::dump::{self, Schema};
use duly_db::migrate::{Migration, MigrationSet};
use duly_db::random::SystemRandom;
use duly_db::testing::TestDatabase;
use duly_db::{Db, Options, query};
use duly_server::start::{HOUSE, SCHEMA};
use duly_tracker::instance;
use jiff::Timestamp;

use crate::support::Process;

const PASSPHRASE: &str = "DULY_DUMP_PASSPHRASE";

/// Ann lives here, with two tasks and a link with which she may choose a password.
fn home() -> Process {
    let duly = Process::new();
    let (name, email) = ("Ann Ängström 🦀", "ann@example.org");
    duly.say(&["user", "create", "--name", name, "--email", email]);
    let tasks = "(A) Call mother due:2026-11-30\nWater the plants\n";
    std::fs::write(duly.path().join("todo.txt"), tasks).expect("a file");
    duly.say(&["import", "--user", email, "todo.txt"]);
    duly
}

/// What Ann has there.
fn belongings(duly: &Process) -> String {
    let export = ["export", "--user", "ann@example.org", "--format", "csv"];
    duly.say(&["user", "list"]) + &duly.say(&export)
}

fn dump_of(duly: &Process) -> Vec<u8> {
    let output = duly.run(&["dump", "-"]);
    assert!(output.status.success(), "{}", said(&output));
    output.stdout
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(output: &Output, code: i32, reason: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(reason), "{said}");
}

#[test]
fn everything_moves_from_one_database_to_another_and_back() {
    let old = home();
    let new = Process::new();
    let dump = new.path().join("duly.dump").display().to_string();
    let told = old.run(&["dump", &dump]);
    assert!(said(&told).contains(" tables."), "{}", said(&told));
    let mode = std::fs::metadata(&dump)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(
        mode & 0o777,
        0o600,
        "it holds what is nobody else's business"
    );
    assert!(!Path::new(&format!("{dump}.partial")).exists());

    let between = Process::new();
    let told = between.say(&["restore", &dump]);
    assert!(
        told.contains("Restored ") && told.contains("(Duly "),
        "{told}"
    );
    assert_eq!(belongings(&between), belongings(&old));

    let moved = new.run_with_input(&["restore", "-"], &dump_of(&between));
    assert!(moved.status.success(), "{}", said(&moved));
    assert_eq!(belongings(&new), belongings(&old));
    assert!(new.say(&["doctor"]).contains("nothing is damaged"));
}

/// Its versions begin again where they were, so that what is kept of later ones would be wrong.
#[tokio::test]
async fn a_restored_database_is_another_installation_that_knows_the_same_secrets() {
    let old = TestDatabase::at(None, &SCHEMA).await;
    let new = TestDatabase::at(None, &[]).await;
    let known = async |db: &Db| {
        let key = instance::signing_key(db, &SystemRandom)
            .await
            .expect("a key");
        let named = instance::installation(db, &SystemRandom).await;
        (key.sign(b"a link"), named.expect("a name"))
    };
    let (signed, named) = known(&old).await;
    assert_eq!(known(&old).await, (signed.clone(), named.clone()));
    let options = dump::Options {
        without: &[],
        release: "0.1.0",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let taken = dump::dump(&old, &HOUSE, &options, Vec::new(), |_| {}).await;
    let (_, dump) = taken.expect("a dump");
    let verified = dump::verify(&*dump).expect("a dump");
    let now = Timestamp::UNIX_EPOCH;
    let restored = dump::restore(&new, &HOUSE, &verified, &*dump, now, |_| {}).await;
    restored.expect("it is restored");
    let (signed_there, named_there) = known(&new).await;
    assert_eq!(signed_there, signed);
    assert_ne!(named_there, named);
}

#[test]
fn nothing_is_restored_over_what_is_there() {
    let (ann, bob) = (home(), Process::new());
    bob.say(&[
        "user",
        "create",
        "--name",
        "Bob",
        "--email",
        "bob@example.org",
    ]);
    let before = bob.say(&["user", "list"]);
    let output = bob.run_with_input(&["restore", "-"], &dump_of(&ann));
    refused(&output, 10, "the database is not empty");
    assert_eq!(bob.say(&["user", "list"]), before);
}

#[tokio::test]
async fn what_is_no_whole_dump_of_ours_is_refused_before_the_database_is_touched() {
    let dump = dump_of(&home());
    let mut tampered = dump.clone();
    tampered[dump.len() / 2] ^= 1;
    let cases: [(&[u8], i32, &str); 5] = [
        (b"PK\x03\x04", 11, "this is not a dump of Duly"),
        (&dump[..dump.len() - 1], 12, "damaged or incomplete"),
        (&tampered, 12, "damaged or incomplete"),
        (
            b"duly dump 2\nin a form that only a later release can read",
            13,
            "format 2",
        ),
        (&dump_of_the_future().await, 13, "future/0001_wonders"),
    ];
    for (bytes, code, reason) in cases {
        let duly = Process::new();
        std::fs::write(duly.path().join("duly.dump"), bytes).expect("a file");
        refused(&duly.run(&["restore", "duly.dump"]), code, reason);
        refused(&duly.run_with_input(&["restore", "-"], bytes), code, reason);
        let list = duly.say(&["user", "list"]);
        assert_eq!(list, "", "nothing was restored");
    }
    let duly = Process::new();
    refused(
        &duly.run(&["restore", "nowhere.dump"]),
        1,
        "cannot read nowhere.dump",
    );
    assert!(!duly.path().join("data").exists(), "nothing was made");
}

/// A dump by a release with a migration that this one lacks.
async fn dump_of_the_future() -> Vec<u8> {
    const WONDERS: Migration = Migration {
        name: "0001_wonders",
        sqlite: "CREATE TABLE wonders (id INTEGER PRIMARY KEY);\n",
        postgres: "CREATE TABLE wonders (id bigint PRIMARY KEY);\n",
        mysql: "CREATE TABLE wonders (id BIGINT PRIMARY KEY);\n",
    };
    let future = MigrationSet {
        owner: "future",
        migrations: &[WONDERS],
    };
    let sets = [&SCHEMA[..], &[future]].concat();
    let database = TestDatabase::at(None, &sets).await;
    let schema = Schema {
        sets: &sets,
        tables: HOUSE.tables,
        forgets: &[],
    };
    let options = dump::Options {
        without: &[],
        release: "99.0.0",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let taken = dump::dump(&database, &schema, &options, Vec::new(), |_| {}).await;
    taken.expect("a dump").1
}

#[test]
fn a_dump_can_be_protected_by_a_passphrase() {
    let old = home();
    let output = old.run_with(&["dump", "-"], (PASSPHRASE, "correct horse"));
    assert!(output.status.success(), "{}", said(&output));
    let dump = output.stdout;
    assert!(dump.starts_with(b"age-encryption.org/v1\n-> scrypt "));

    let new = Process::new();
    std::fs::write(new.path().join("duly.dump"), &dump).expect("a file");
    let restore = ["restore", "duly.dump"];
    refused(&new.run(&restore), 15, "set DULY_DUMP_PASSPHRASE");
    refused(
        &new.run_with(&restore, (PASSPHRASE, "battery staple")),
        16,
        "the passphrase is not",
    );
    refused(
        &new.run_with(&restore, (PASSPHRASE, "")),
        2,
        "the passphrase is empty",
    );
    assert!(!new.path().join("data").exists(), "nothing was made");

    std::fs::write(new.path().join("secret"), "correct horse\n").expect("a file");
    let restored = new.run_with(&restore, ("DULY_DUMP_PASSPHRASE_FILE", "secret"));
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(belongings(&new), belongings(&old));
}

#[test]
fn a_dump_can_be_made_for_the_owners_of_keys() {
    let old = home();
    let (ann, bob, eve) = (
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
    );
    let (to_ann, to_bob) = (ann.to_public().to_string(), bob.to_public().to_string());
    let output = old.run(&["dump", "-", "--recipient", &to_ann, "--recipient", &to_bob]);
    assert!(output.status.success(), "{}", said(&output));

    let new = Process::new();
    std::fs::write(new.path().join("duly.dump"), &output.stdout).expect("a file");
    for (name, identity) in [("bob", bob), ("eve", eve)] {
        let key = identity.to_string();
        let text = format!("# of {name}\n{}\n", key.expose_secret());
        std::fs::write(new.path().join(name), text).expect("a file");
    }
    let restore = ["restore", "duly.dump"];
    refused(&new.run(&restore), 15, "name its file with --identity");
    let with = |identity| new.run(&[&restore[..], &["--identity", identity]].concat());
    refused(&with("eve"), 16, "encrypted for others");
    refused(&with("nobody"), 2, "--identity nobody: No such file");
    refused(&with("duly.dump"), 2, "no age identity in it");
    let cut = &output.stdout[..output.stdout.len() - 1];
    let cut = new.run_with_input(&["restore", "-", "--identity", "bob"], cut);
    refused(&cut, 12, "damaged or incomplete");
    assert!(!new.path().join("data").exists(), "nothing was made");
    let restored = with("bob");
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(belongings(&new), belongings(&old));

    let wrong = old.run(&["dump", "-", "--recipient", "ann"]);
    refused(&wrong, 2, "\"ann\" must be an age public key");
    let both = old.run_with(&["dump", "-", "--recipient", &to_ann], (PASSPHRASE, "x"));
    refused(&both, 2, "either a passphrase or recipients");
}

async fn links(duly: &Process) -> u64 {
    let options = Options::file(duly.path().join("data/duly.db"));
    let db = Db::open(options).await.expect("a database");
    let count = query("SELECT COUNT(*) AS total FROM links");
    let row = db.read_fresh().optional_row(count).await.expect("a table");
    row.expect("a row").get("total").expect("a number")
}

#[tokio::test]
async fn sessions_and_links_may_stay_behind() {
    let old = home();
    assert_eq!(links(&old).await, 1);
    let (with, without) = (Process::new(), Process::new());
    let moved = with.run_with_input(&["restore", "-"], &dump_of(&old));
    assert!(moved.status.success(), "{}", said(&moved));
    assert_eq!(links(&with).await, 1);
    let dump = old.run(&["dump", "-", "--without-sessions"]).stdout;
    let moved = without.run_with_input(&["restore", "-"], &dump);
    assert!(moved.status.success(), "{}", said(&moved));
    assert_eq!(links(&without).await, 0);
    assert_eq!(belongings(&without), belongings(&old));
}

#[test]
fn nothing_is_written_over_or_made_by_looking() {
    let duly = home();
    std::fs::write(duly.path().join("kept"), "precious").expect("a file");
    for command in ["dump", "backup"] {
        refused(&duly.run(&[command, "kept"]), 1, "kept exists already");
        let kept = std::fs::read_to_string(duly.path().join("kept")).expect("a file");
        assert_eq!(kept, "precious");
        let nowhere = Process::new();
        refused(
            &nowhere.run(&[command, "copy"]),
            1,
            "there is no database at data/duly.db",
        );
        let files = std::fs::read_dir(nowhere.path()).expect("a folder").count();
        assert_eq!(files, 0, "{command} made something");
    }
    refused(
        &duly.run(&["dump", "no/such/folder"]),
        1,
        "cannot write no/such/folder.partial",
    );
}

#[test]
fn a_backup_is_a_database() {
    let duly = home();
    duly.say(&["backup", "copy.db"]);
    let copy = duly.path().join("copy.db");
    let mode = std::fs::metadata(&copy)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(
        mode & 0o777,
        0o600,
        "it holds what is nobody else's business"
    );
    let mut other = Process::new();
    let url = format!("sqlite:{}", copy.display());
    other.variables.push(("DULY_DATABASE__URL", url));
    assert_eq!(belongings(&other), belongings(&duly));
    let server = ("DULY_DATABASE__URL", "postgres://duly@127.0.0.1:1/duly");
    refused(
        &duly.run_with(&["backup", "other"], server),
        2,
        "use pg_dump or mariabackup",
    );
}
