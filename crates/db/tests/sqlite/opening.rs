use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use duly_db::{Db, Error, Options, query};

use crate::fixture::{Notes, ids, insert};

async fn refusal(path: &Path) -> Error {
    match Db::open(Options::file(path)).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

fn overwrite(path: &Path, position: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(position)).unwrap();
    file.write_all(bytes).unwrap();
}

/// A closed database of 200 pages or so.
async fn closed() -> Notes {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    for id in 0..200 {
        let row = query("INSERT INTO notes (id, text) VALUES (?1, ?2)");
        tx.execute(row.bind(id).bind("x".repeat(4_000)))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    (*notes).clone().close().await;
    notes
}

#[tokio::test]
async fn a_missing_file_and_its_folders_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/duly.db");
    let db = Db::open(Options::file(&path)).await.unwrap();
    assert_eq!(
        db.read_fresh()
            .rows(query("SELECT 1 AS one"))
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_made_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/duly.db");
    Db::open(Options::file(&path)).await.unwrap();
    let mode = fs::metadata(path.parent().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn what_is_not_a_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.txt");
    fs::write(&text, "Dear friend, ".repeat(1_000)).unwrap();
    let inside_a_file = text.join("duly.db");
    let cases = [
        (text.as_path(), "not a database"),
        (folder.path(), "folder"),
        (&inside_a_file, "folder"),
    ];
    for (path, reason) in cases {
        let error = refusal(path).await;
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(reason), "{message}");
        assert!(
            message.contains(folder.path().to_str().unwrap()),
            "{message}"
        );
    }
    assert!(
        fs::read_to_string(&text)
            .unwrap()
            .starts_with("Dear friend"),
        "it is left alone"
    );
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_noticed() {
    let notes = closed().await;
    let length = fs::metadata(notes.path()).unwrap().len();
    OpenOptions::new()
        .write(true)
        .open(notes.path())
        .unwrap()
        .set_len(length / 2)
        .unwrap();
    let error = refusal(&notes.path()).await;
    assert!(
        matches!(&error, Error::Unavailable(reason) if reason.contains("malformed")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_damaged_schema_is_noticed() {
    let notes = closed().await;
    overwrite(&notes.path(), 100, &[0xff; 200]);
    let error = refusal(&notes.path()).await;
    assert!(
        matches!(&error, Error::Unavailable(reason) if reason.contains("malformed")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_damaged_page_is_found_by_looking_and_never_served() {
    let notes = closed().await;
    let length = fs::metadata(notes.path()).unwrap().len();
    overwrite(&notes.path(), length / 4096 / 2 * 4096, &[0x55; 4096]);
    let db = Db::open(Options::file(notes.path())).await.unwrap();
    assert!(!db.problems().await.unwrap().is_empty());
    let read = db
        .read_fresh()
        .rows(query("SELECT id, text FROM notes"))
        .await;
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
}

/// The engine treats a file whose header asks for a newer writer as it treats one whose mode
/// forbids writing; unlike the mode, that also holds for root.
#[tokio::test]
async fn a_file_that_may_only_be_read_is_refused() {
    let notes = closed().await;
    overwrite(&notes.path(), 18, &[3]);
    let error = refusal(&notes.path()).await;
    assert!(matches!(error, Error::ReadOnly(_)), "{error:?}");
    assert!(error.to_string().contains("notes.db"), "{error}");
}

#[tokio::test]
async fn a_copy_is_whole_and_made_while_writing() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let mut open = notes.begin();
    open.execute(insert(2)).await.unwrap();
    let target = notes.folder().join("copy.db");
    notes.copy_to(&target).await.unwrap();
    open.commit().await.unwrap();
    let copy = Db::open(Options::file(&target)).await.unwrap();
    assert_eq!(
        ids(&mut copy.read_fresh()).await,
        [1],
        "what was committed when it began"
    );
    assert_eq!(copy.problems().await.unwrap(), Vec::<String>::new());
    assert_eq!(ids(&mut notes.read_fresh()).await, [1, 2]);
}

#[tokio::test]
async fn a_copy_overwrites_nothing_and_leaves_nothing_half_done() {
    let notes = Notes::new().await;
    let letter = notes.folder().join("letter.txt");
    fs::write(&letter, "Dear friend").unwrap();
    let error = notes.copy_to(&letter).await.unwrap_err().to_string();
    assert!(error.contains("letter.txt exists already"), "{error}");
    assert_eq!(fs::read_to_string(&letter).unwrap(), "Dear friend");
    let nowhere = notes.folder().join("missing/copy.db");
    assert!(notes.copy_to(&nowhere).await.is_err());
    // What an interrupted copy left does not stop the next one.
    fs::write(notes.folder().join("copy.db.partial"), "half").unwrap();
    notes
        .copy_to(&notes.folder().join("copy.db"))
        .await
        .unwrap();
    assert!(!notes.folder().join("copy.db.partial").exists());
}

#[tokio::test]
async fn rows_that_name_missing_rows_are_found() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.execute(query(
        "CREATE TABLE links (note INTEGER REFERENCES notes (id)) STRICT",
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    // Foreign keys are off on other connections unless they ask for them.
    let other = rusqlite::Connection::open(notes.path()).unwrap();
    other
        .execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO links (note) VALUES (5)")
        .unwrap();
    let problems = notes.problems().await.unwrap();
    assert_eq!(
        problems,
        ["a row of links names a row of notes that does not exist"]
    );
}

#[tokio::test]
async fn a_healthy_database_is_diagnosed_as_such() {
    let notes = Notes::new().await;
    let diagnosis = duly_db::diagnosis::diagnose(&notes).await.unwrap();
    assert!(diagnosis.concurrent && diagnosis.durable, "{diagnosis:?}");
    assert_eq!(diagnosis.damage, Vec::<String>::new());
    assert!(diagnosis.version.starts_with("3."), "{diagnosis:?}");
}
