use duly_db::dump::Error;

use crate::fixture::{
    LATER, SCHEMA, book, change, count, empty, library, library_file, migrate, migrated, put,
    shelf, tables, take, target,
};

#[tokio::test]
async fn nothing_is_restored_over_what_is_there() {
    let file = library_file().await;
    let target = target().await;
    migrate(&target, SCHEMA).await;
    change(&target, vec![shelf(9)]).await;
    let refused = put(&target, SCHEMA, &file).await.unwrap_err();
    assert!(
        matches!(&refused, Error::NotEmpty { table } if table == "shelves"),
        "{refused:?}"
    );
    assert_eq!(count(&target, "shelves").await, 1);
    assert_eq!(count(&target, "books").await, 0);
}

#[tokio::test]
async fn a_dump_of_a_newer_release_changes_nothing() {
    let newer = empty().await;
    migrate(&newer, LATER).await;
    let file = take(&newer, LATER).await.unwrap();
    let target = target().await;
    let before = tables(&target).await;
    let refused = put(&target, SCHEMA, &file).await.unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains("the newer release 1.2.3") && said.contains("library/0002_lengths"),
        "{said}"
    );
    assert_eq!(tables(&target).await, before);
}

#[tokio::test]
async fn a_schema_newer_than_the_dump_is_refused() {
    let file = library_file().await;
    let target = target().await;
    migrate(&target, LATER).await;
    let refused = put(&target, LATER, &file).await.unwrap_err();
    assert!(matches!(refused, Error::NewerSchema { .. }), "{refused:?}");
    assert_eq!(count(&target, "shelves").await, 0);
}

#[tokio::test]
async fn a_database_that_lacks_migrations_is_not_dumped() {
    let library = library().await;
    let refused = take(&library, LATER).await.unwrap_err();
    assert!(
        matches!(&refused, Error::OlderSchema { missing } if missing == &["library/0002_lengths"]),
        "{refused:?}"
    );
}

/// Only a file made by hand passes its checksum and breaks the schema.
#[tokio::test]
async fn what_the_database_refuses_leaves_it_as_it_was() {
    let broken = migrated().await;
    let mut tx = broken.begin();
    let rebuild = [
        "DROP TABLE books",
        "CREATE TABLE books (shelf_id BLOB NOT NULL, title TEXT NOT NULL, \
         PRIMARY KEY (shelf_id, title)) STRICT, WITHOUT ROWID",
    ];
    for statement in rebuild {
        tx.execute(duly_db::query(statement)).await.unwrap();
    }
    tx.commit().await.unwrap();
    change(
        &broken,
        vec![shelf(1), book(7, "On a shelf that is not there")],
    )
    .await;
    let file = take(&broken, SCHEMA).await.unwrap();

    let untouched = target().await;
    let before = tables(&untouched).await;
    let refused = put(&untouched, SCHEMA, &file).await.unwrap_err();
    assert!(
        matches!(refused, Error::Database(duly_db::Error::Constraint(_))),
        "{refused:?}"
    );
    assert_eq!(tables(&untouched).await, before);
    let whole = library_file().await;
    put(&untouched, SCHEMA, &whole).await.unwrap();

    let prepared = target().await;
    migrate(&prepared, SCHEMA).await;
    put(&prepared, SCHEMA, &file).await.unwrap_err();
    assert_eq!(count(&prepared, "shelves").await, 0);
    put(&prepared, SCHEMA, &whole).await.unwrap();
}
