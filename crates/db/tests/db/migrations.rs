use std::time::Duration;

use duly_db::migrate::{Migration, MigrationSet, Mode, Report, run};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Durability, Engine, Error, Location, Options, query};
use jiff::Timestamp;

const BOOKS: Migration = Migration {
    name: "0001_books",
    sqlite: "-- What is on the shelves.\nCREATE TABLE books (id INTEGER PRIMARY KEY) STRICT;\n\n\
             -- And an index; with a comment.\nCREATE INDEX books_id ON books (id);\n",
    postgres: "-- What is on the shelves.\nCREATE TABLE books (id bigint PRIMARY KEY);\n\n\
             -- And an index; with a comment.\nCREATE INDEX books_id ON books (id);\n",
    mysql: "-- What is on the shelves.\nCREATE TABLE books (id BIGINT PRIMARY KEY);\n\n\
             -- And an index; with a comment.\nCREATE INDEX books_id ON books (id);\n",
};

/// A step whose text is the same on every engine.
const fn step(name: &'static str, text: &'static str) -> Migration {
    Migration {
        name,
        sqlite: text,
        postgres: text,
        mysql: text,
    }
}

const TITLES: Migration = step(
    "0002_titles",
    "ALTER TABLE books ADD COLUMN title TEXT;\n\
     INSERT INTO books (id, title) VALUES (1, 'a; b -- c');\n",
);
const BROKEN: Migration = step(
    "0003_broken",
    "INSERT INTO books (id, title) VALUES (2, 'two');\nINSERT INTO nowhere VALUES (1);\n\
     INSERT INTO books (id, title) VALUES (3, 'three');\n",
);

/// On PostgreSQL no transaction may hold it.
const INDEX: Migration = Migration {
    name: "0003_index",
    sqlite: "CREATE INDEX books_backwards ON books (id DESC);\n",
    postgres: "DROP INDEX CONCURRENTLY IF EXISTS books_backwards;\n\
               CREATE INDEX CONCURRENTLY books_backwards ON books (id DESC);\n",
    mysql: "CREATE INDEX books_backwards ON books (id DESC);\n",
};

const fn library(migrations: &'static [Migration]) -> MigrationSet {
    MigrationSet {
        owner: "library",
        migrations,
    }
}

async fn migrate(db: &Db, migrations: &'static [Migration], mode: Mode) -> Result<Report, Error> {
    run(db, &[library(migrations)], Timestamp::UNIX_EPOCH, mode).await
}

async fn applied(db: &Db, migrations: &'static [Migration]) -> Report {
    migrate(db, migrations, Mode::Apply).await.unwrap()
}

async fn refused(db: &Db, migrations: &'static [Migration]) -> String {
    let refused = migrate(db, migrations, Mode::Apply).await;
    refused.unwrap_err().to_string()
}

async fn titles(db: &Db) -> Result<Vec<Option<String>>, Error> {
    let rows = db
        .read_fresh()
        .rows(query("SELECT title FROM books ORDER BY id"))
        .await?;
    rows.iter().map(|row| row.get("title")).collect()
}

async fn change(db: &Db, statement: &str) {
    let mut tx = db.begin();
    tx.execute(query(statement.to_owned())).await.unwrap();
    tx.commit().await.unwrap();
}

/// A database that nobody has migrated yet.
async fn untouched() -> TestDatabase {
    let db = TestDatabase::new(&[]).await;
    change(&db, "DROP TABLE schema_migrations").await;
    db
}

async fn tables(db: &Db) -> usize {
    let tables = match db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema",
        Engine::Postgres => "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
        Engine::MariaDb | Engine::MySql => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    db.read_fresh().rows(query(tables)).await.unwrap().len()
}

/// Whether a statement that changes a table is kept although a later one fails.
fn keeps_pieces(db: &Db) -> bool {
    matches!(db.engine(), Engine::MariaDb | Engine::MySql)
}

fn names(report: &[String]) -> Vec<&str> {
    report.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn steps_are_applied_once_and_in_order() {
    let db = untouched().await;
    let first = applied(&db, &[BOOKS, TITLES]).await;
    assert_eq!(
        names(&first.applied),
        ["library/0001_books", "library/0002_titles"]
    );
    assert!(first.present.is_empty());
    assert_eq!(titles(&db).await.unwrap(), [Some("a; b -- c".to_owned())]);
    let second = applied(&db, &[BOOKS, TITLES]).await;
    assert!(second.applied.is_empty());
    assert_eq!(second.present, first.applied);
    assert_eq!(titles(&db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_later_release_applies_only_what_is_missing() {
    let db = untouched().await;
    applied(&db, &[BOOKS]).await;
    let report = applied(&db, &[BOOKS, TITLES]).await;
    assert_eq!(names(&report.present), ["library/0001_books"]);
    assert_eq!(names(&report.applied), ["library/0002_titles"]);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let db = untouched().await;
    let dry = |migrations| migrate(&db, migrations, Mode::DryRun);
    let report = dry(&[BOOKS, TITLES]).await.unwrap();
    assert_eq!(
        names(&report.applied),
        ["library/0001_books", "library/0002_titles"]
    );
    assert_eq!(tables(&db).await, 0);
    applied(&db, &[BOOKS]).await;
    let report = dry(&[BOOKS, TITLES]).await.unwrap();
    assert_eq!(names(&report.present), ["library/0001_books"]);
    assert_eq!(names(&report.applied), ["library/0002_titles"]);
}

#[tokio::test]
async fn an_index_that_was_half_made_is_made_anew() {
    const LATER: Migration = step("0004_later", TITLES.sqlite);
    let db = untouched().await;
    applied(&db, &[BOOKS]).await;
    if db.engine() == Engine::Postgres {
        change(&db, "CREATE INDEX books_backwards ON books (id)").await;
    }
    let report = applied(&db, &[BOOKS, INDEX, LATER]).await;
    assert_eq!(
        names(&report.applied),
        ["library/0003_index", "library/0004_later"]
    );
    assert_eq!(titles(&db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_changed_step_is_refused() {
    let db = untouched().await;
    applied(&db, &[BOOKS]).await;
    const CHANGED: Migration = Migration {
        name: BOOKS.name,
        ..TITLES
    };
    let error = refused(&db, &[CHANGED, TITLES]).await;
    assert!(error.contains("library/0001_books was changed"), "{error}");
    assert!(titles(&db).await.is_err(), "nothing was applied");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    let db = untouched().await;
    applied(&db, &[BOOKS, TITLES]).await;
    let error = refused(&db, &[BOOKS]).await;
    assert!(
        error.contains("newer release") && error.contains("library/0002_titles"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failure_names_its_statement_and_keeps_as_little_as_the_engine_can() {
    let db = untouched().await;
    applied(&db, &[BOOKS]).await;
    let error = refused(&db, &[BOOKS, TITLES, BROKEN]).await;
    assert!(error.contains("library/0003_broken failed"), "{error}");
    assert!(error.contains("INSERT INTO nowhere"), "{error}");
    assert_eq!(error.contains("goes on from here"), keeps_pieces(&db));
    if keeps_pieces(&db) {
        assert_eq!(titles(&db).await.unwrap().len(), 2);
    } else {
        assert!(
            titles(&db).await.is_err(),
            "the step before it is undone too"
        );
        applied(&db, &[BOOKS, TITLES]).await;
        assert_eq!(titles(&db).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_step_that_stopped_goes_on_where_it_stopped() {
    let db = untouched().await;
    if !keeps_pieces(&db) {
        return;
    }
    refused(&db, &[BOOKS, TITLES, BROKEN]).await;
    refused(&db, &[BOOKS, TITLES, BROKEN]).await;
    change(&db, "CREATE TABLE nowhere (id BIGINT)").await;
    let report = applied(&db, &[BOOKS, TITLES, BROKEN]).await;
    assert_eq!(names(&report.applied), ["library/0003_broken"]);
    assert_eq!(titles(&db).await.unwrap().len(), 3, "each statement once");
    assert!(
        applied(&db, &[BOOKS, TITLES, BROKEN])
            .await
            .applied
            .is_empty()
    );
}

#[tokio::test]
async fn a_step_that_was_interrupted_says_what_to_do() {
    for took_effect in [true, false] {
        let db = untouched().await;
        if !keeps_pieces(&db) {
            return;
        }
        refused(&db, &[BOOKS, TITLES, BROKEN]).await;
        // As if the process had died while the statement ran.
        change(&db, "UPDATE schema_migrations SET in_doubt = TRUE").await;
        change(&db, "CREATE TABLE nowhere (id BIGINT)").await;
        let error = refused(&db, &[BOOKS, TITLES, BROKEN]).await;
        assert!(
            error.contains("in its statement 2 of 3") && error.contains("INSERT INTO nowhere"),
            "{error}"
        );
        let dry = migrate(&db, &[BOOKS, TITLES, BROKEN], Mode::DryRun).await;
        assert_eq!(dry.unwrap_err().to_string(), error);
        let advice = if took_effect {
            "If it did, run: "
        } else {
            "If not, run: "
        };
        let remedy = error.lines().find_map(|line| line.strip_prefix(advice));
        change(&db, remedy.unwrap()).await;
        applied(&db, &[BOOKS, TITLES, BROKEN]).await;
        assert_eq!(titles(&db).await.unwrap().len(), 3);
        let rows = db.read_fresh().rows(query("SELECT id FROM nowhere")).await;
        assert_eq!(rows.unwrap().is_empty(), took_effect);
    }
}

const MANY: Migration = step(
    "0002_many",
    "INSERT INTO books (id) WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL \
     SELECT i + 1 FROM numbers WHERE i < 700) \
     SELECT a.i * 1000 + b.i FROM numbers a CROSS JOIN numbers b;\n",
);

/// A statement of a request would be stopped long before.
#[tokio::test]
async fn a_long_step_may_take_its_time() {
    let db = TestDatabase::with(&[], |options| {
        options.statement_timeout = Duration::from_millis(100);
    })
    .await;
    applied(&db, &[BOOKS, MANY]).await;
    let count = query("SELECT id FROM books WHERE id = 700700");
    assert_eq!(db.read_fresh().rows(count).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_large_file_may_take_its_time_to_be_copied() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::file(folder.path().join("large.db"));
    options.statement_timeout = Duration::from_millis(1);
    let db = Db::open(options).await.unwrap();
    applied(&db, &[BOOKS, MANY]).await;
    let copy = folder.path().join("copy.db");
    db.copy_to(&copy).await.unwrap();
    assert_eq!(db.problems().await.unwrap(), Vec::<String>::new());
    let copied = Db::open(Options::file(copy)).await.unwrap();
    let count = query("SELECT COUNT(*) AS total FROM books");
    let rows = copied.read_fresh().rows(count).await.unwrap();
    assert_eq!(rows.first().unwrap().get::<i64>("total").unwrap(), 490_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_may_start_at_once() {
    for _ in 0..3 {
        let db = untouched().await;
        let nodes = (0..8).map(|_| {
            let location = Location::parse(db.url(), &[]).unwrap();
            tokio::spawn(async move {
                let mut options = Options::at(location);
                options.durability = Durability::None;
                options.connections = 2;
                options.wait_timeout = Duration::from_secs(20);
                let db = Db::open(options).await?;
                let report = migrate(&db, &[BOOKS, TITLES, INDEX], Mode::Apply).await?;
                let answer = (titles(&db).await?.len(), report.applied.len());
                db.close().await;
                Ok::<_, Error>(answer)
            })
        });
        let mut answers = Vec::new();
        for node in nodes.collect::<Vec<_>>() {
            answers.push(node.await.unwrap().unwrap());
        }
        answers.sort_unstable();
        let mut expected = vec![(1, 0); 7];
        expected.push((1, 3));
        assert_eq!(answers, expected);
    }
}
