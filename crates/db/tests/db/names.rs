//! What a constraint says when it refuses a change.

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Error, query};

const LIBRARY: MigrationSet = MigrationSet {
    owner: "library",
    migrations: &[Migration {
        name: "0001_shelves",
        sqlite: "CREATE TABLE shelves (id INTEGER PRIMARY KEY NOT NULL, room TEXT NOT NULL, \
                 place TEXT NOT NULL, code TEXT, height INTEGER NOT NULL CHECK (height > 0), \
                 UNIQUE (room, place)) STRICT;\n\
                 CREATE UNIQUE INDEX shelves_code_key ON shelves (code);\n\
                 CREATE TABLE books (shelf INTEGER NOT NULL REFERENCES shelves (id), \
                 number INTEGER NOT NULL, PRIMARY KEY (shelf, number)) STRICT, WITHOUT ROWID;\n",
        postgres: "CREATE TABLE shelves (id bigint PRIMARY KEY, room text NOT NULL, \
                 place text NOT NULL, code text, height bigint NOT NULL CHECK (height > 0), \
                 UNIQUE (room, place));\n\
                 CREATE UNIQUE INDEX shelves_code_key ON shelves (code);\n\
                 CREATE TABLE books (shelf bigint NOT NULL REFERENCES shelves (id), \
                 number bigint NOT NULL, PRIMARY KEY (shelf, number));\n",
        mysql: "CREATE TABLE shelves (id BIGINT PRIMARY KEY, room VARCHAR(50) NOT NULL, \
                 place VARCHAR(50) NOT NULL, code VARCHAR(50), \
                 height BIGINT NOT NULL CHECK (height > 0), \
                 UNIQUE KEY shelves_room_place_key (room, place)) ENGINE = InnoDB;\n\
                 CREATE UNIQUE INDEX shelves_code_key ON shelves (code);\n\
                 CREATE TABLE books (shelf BIGINT NOT NULL, number BIGINT NOT NULL, \
                 PRIMARY KEY (shelf, number), FOREIGN KEY (shelf) REFERENCES shelves (id)) \
                 ENGINE = InnoDB;\n",
    }],
};

async fn library() -> TestDatabase {
    let db = TestDatabase::new(&[LIBRARY]).await;
    let mut tx = db.begin();
    for rows in [
        "shelves (id, room, place, code, height) \
         VALUES (1, 'hall', 'left', 'it''s', 2), (2, 'attic', 'up', NULL, 1)",
        "books (shelf, number) VALUES (1, 1)",
    ] {
        tx.execute(query(format!("INSERT INTO {rows}")))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    db
}

#[tokio::test]
async fn unique_constraints_have_one_name_on_every_engine() {
    let db = library().await;
    let shelf = "INSERT INTO shelves (id, room, place, code, height) VALUES";
    for (statement, name) in [
        (
            format!("{shelf} (1, 'cellar', 'right', NULL, 1)"),
            "shelves_pkey",
        ),
        (
            format!("{shelf} (3, 'hall', 'left', NULL, 1)"),
            "shelves_room_place_key",
        ),
        (
            format!("{shelf} (3, 'cellar', 'up', 'it''s', 1)"),
            "shelves_code_key",
        ),
        (
            "UPDATE shelves SET id = 1 WHERE id = 2".into(),
            "shelves_pkey",
        ),
        (
            "UPDATE shelves SET room = 'hall', place = 'left' WHERE id = 2".into(),
            "shelves_room_place_key",
        ),
        (
            "INSERT INTO books(shelf, number) VALUES (1, 1)".into(),
            "books_pkey",
        ),
    ] {
        let mut tx = db.begin();
        let error = tx.execute(query(statement.clone())).await.unwrap_err();
        assert!(error.is_unique(name), "{statement}: {error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn other_constraints_are_told_apart_from_unique_ones() {
    let db = library().await;
    for statement in [
        "INSERT INTO shelves (id, room, place, height) VALUES (3, 'cellar', NULL, 1)",
        "INSERT INTO shelves (id, room, place, height) VALUES (3, 'cellar', 'up', 0)",
        "INSERT INTO books (shelf, number) VALUES (99, 1)",
        "DELETE FROM shelves WHERE id = 1",
    ] {
        let mut tx = db.begin();
        let refused = match tx.execute(query(statement)).await {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        assert!(
            matches!(refused, Err(Error::Constraint(_))),
            "{statement}: {refused:?}"
        );
    }
}
