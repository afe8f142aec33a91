use std::time::Duration;

use duly_db::migrate::{Migration, MigrationSet, Mode, Report, run};
use duly_db::{Db, Error, Options, query};
use jiff::Timestamp;

use crate::fixture::Notes;

const BOOKS: Migration = Migration {
    name: "0001_books",
    sqlite: "-- What is on the shelves.\nCREATE TABLE books (id INTEGER PRIMARY KEY) STRICT;\n\n\
             -- And an index; with a comment.\nCREATE INDEX books_id ON books (id);\n",
};
const TITLES: Migration = Migration {
    name: "0002_titles",
    sqlite: "ALTER TABLE books ADD COLUMN title TEXT;\n\
             INSERT INTO books (id, title) VALUES (1, 'a; b -- c');\n",
};
const BROKEN: Migration = Migration {
    name: "0003_broken",
    sqlite: "INSERT INTO books (id, title) VALUES (2, 'two');\nINSERT INTO nowhere VALUES (1);\n",
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

async fn titles(db: &Db) -> Result<Vec<Option<String>>, Error> {
    let rows = db
        .read_fresh()
        .rows(query("SELECT title FROM books ORDER BY id"))
        .await?;
    rows.iter().map(|row| row.get("title")).collect()
}

fn names(report: &[String]) -> Vec<&str> {
    report.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn steps_are_applied_once_and_in_order() {
    let notes = Notes::new().await;
    let first = migrate(&notes, &[BOOKS, TITLES], Mode::Apply)
        .await
        .unwrap();
    assert_eq!(
        names(&first.applied),
        ["library/0001_books", "library/0002_titles"]
    );
    assert!(first.present.is_empty());
    assert_eq!(
        titles(&notes).await.unwrap(),
        [Some("a; b -- c".to_owned())]
    );
    let second = migrate(&notes, &[BOOKS, TITLES], Mode::Apply)
        .await
        .unwrap();
    assert!(second.applied.is_empty());
    assert_eq!(second.present, first.applied);
    assert_eq!(titles(&notes).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_later_release_applies_only_what_is_missing() {
    let notes = Notes::new().await;
    migrate(&notes, &[BOOKS], Mode::Apply).await.unwrap();
    let report = migrate(&notes, &[BOOKS, TITLES], Mode::Apply)
        .await
        .unwrap();
    assert_eq!(names(&report.present), ["library/0001_books"]);
    assert_eq!(names(&report.applied), ["library/0002_titles"]);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let notes = Notes::new().await;
    let report = migrate(&notes, &[BOOKS, TITLES], Mode::DryRun)
        .await
        .unwrap();
    assert_eq!(
        names(&report.applied),
        ["library/0001_books", "library/0002_titles"]
    );
    let tables = query("SELECT name FROM sqlite_schema WHERE name <> 'notes'");
    assert_eq!(notes.read_fresh().rows(tables).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_changed_step_is_refused() {
    let notes = Notes::new().await;
    migrate(&notes, &[BOOKS], Mode::Apply).await.unwrap();
    const CHANGED: Migration = Migration {
        name: BOOKS.name,
        sqlite: TITLES.sqlite,
    };
    let error = migrate(&notes, &[CHANGED, TITLES], Mode::Apply)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("library/0001_books was changed"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    let notes = Notes::new().await;
    migrate(&notes, &[BOOKS, TITLES], Mode::Apply)
        .await
        .unwrap();
    let error = migrate(&notes, &[BOOKS], Mode::Apply)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("newer release") && error.contains("library/0002_titles"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failure_leaves_nothing_and_names_its_statement() {
    let notes = Notes::new().await;
    migrate(&notes, &[BOOKS], Mode::Apply).await.unwrap();
    let error = migrate(&notes, &[BOOKS, TITLES, BROKEN], Mode::Apply)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("library/0003_broken failed"), "{error}");
    assert!(error.contains("INSERT INTO nowhere"), "{error}");
    assert!(
        titles(&notes).await.is_err(),
        "the step before it is undone as well"
    );
    migrate(&notes, &[BOOKS, TITLES], Mode::Apply)
        .await
        .unwrap();
    assert_eq!(titles(&notes).await.unwrap().len(), 1);
}

/// A statement of a request would be stopped after a millisecond here.
#[tokio::test]
async fn a_long_step_may_take_its_time() {
    const LONG: Migration = Migration {
        name: "0002_many",
        sqlite: "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers \
                 WHERE i < 200000) INSERT INTO books (id) SELECT i FROM numbers;\n",
    };
    let notes = Notes::with(|options| options.statement_timeout = Duration::from_millis(1)).await;
    migrate(&notes, &[BOOKS, LONG], Mode::Apply).await.unwrap();
    let copy = notes.folder().join("copy.db");
    notes.copy_to(&copy).await.unwrap();
    assert_eq!(notes.problems().await.unwrap(), Vec::<String>::new());
    let copied = Db::open(Options::file(copy)).await.unwrap();
    let rows = copied
        .read_fresh()
        .rows(query("SELECT COUNT(*) AS total FROM books"))
        .await;
    assert_eq!(
        rows.unwrap().first().unwrap().get::<i64>("total").unwrap(),
        200_000
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_may_start_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.db");
        let node = || async {
            let db = Db::open(Options::file(&path)).await?;
            let report = migrate(&db, &[BOOKS, TITLES], Mode::Apply).await?;
            Ok::<_, Error>((titles(&db).await?.len(), report.applied.len()))
        };
        let (first, second, third) = tokio::join!(node(), node(), node());
        let mut answers = [first.unwrap(), second.unwrap(), third.unwrap()];
        answers.sort_unstable();
        assert_eq!(answers, [(1, 0), (1, 0), (1, 2)]);
    }
}
