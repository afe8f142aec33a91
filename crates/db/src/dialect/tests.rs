use super::*;

#[test]
fn keysets_are_written_so_that_each_engine_can_seek_by_them() {
    let columns = ["due", "minute", "id"];
    let text = |engine| keyset_after(engine, &columns, 4, false).unwrap();
    assert_eq!(text(Engine::Postgres), "(due, minute, id) > (?4, ?5, ?6)");
    for engine in [Engine::MariaDb, Engine::MySql] {
        assert_eq!(
            text(engine),
            "due >= ?4 AND (due > ?4 OR (minute >= ?5 AND (minute > ?5 OR id > ?6)))"
        );
    }
    let descending = keyset_after(Engine::MySql, &["a", "b"], 1, true).unwrap();
    assert_eq!(descending, "a <= ?1 AND (a < ?1 OR b < ?2)");
}

#[test]
fn versions_come_with_the_rows_they_belong_to() {
    let list = "SELECT id FROM notes WHERE owner_id = ?1 ORDER BY id LIMIT ?2";
    let postgres = with_version(Engine::Postgres, list, 3).unwrap();
    assert!(postgres.contains(&format!("({list}) inside")), "{postgres}");
    assert!(postgres.ends_with("WHERE seen.owner_id = ?3"), "{postgres}");
    for engine in [Engine::MariaDb, Engine::MySql] {
        let mysql = with_version(engine, list, 3).unwrap();
        assert!(mysql.ends_with(&list["SELECT ".len()..]), "{mysql}");
        assert!(
            mysql.contains("WHERE owner_id = ?3) AS seen_version"),
            "{mysql}"
        );
        assert_eq!(
            with_version(engine, "WITH a AS (SELECT 1) SELECT 1", 1),
            None
        );
    }
}

#[test]
fn mysql_updates_a_duplicate_by_the_values_of_the_insert() {
    let insert = "INSERT INTO seen (id, at) VALUES (?1, ?2)";
    assert_eq!(
        insert_or_change(Engine::MySql, insert, "id", &["at"]),
        format!("{insert} ON DUPLICATE KEY UPDATE at = VALUES(at)")
    );
    assert_eq!(insert_or_keep(Engine::MySql, insert).text(), insert);
    assert_eq!(for_update(Engine::MySql), " FOR UPDATE");
    assert_eq!(for_share(Engine::MySql), " LOCK IN SHARE MODE");
    assert_eq!(
        for_update_of_free_rows(Engine::MySql),
        " FOR UPDATE SKIP LOCKED"
    );
}

/// MySQL cannot tell that a row has changed since it was read.
#[test]
fn a_change_begins_so_that_it_cannot_overwrite_what_it_has_not_seen() {
    assert!(begin_change(Engine::Postgres).contains("REPEATABLE READ"));
    assert!(begin_change(Engine::MySql).contains("SERIALIZABLE"));
}

#[test]
fn work_on_shared_rows_locks_no_gaps() {
    for engine in [Engine::Postgres, Engine::MariaDb, Engine::MySql] {
        assert!(begin_on_shared_rows(engine).contains("ISOLATION LEVEL READ COMMITTED"));
    }
}

#[test]
fn counts_are_added_up_in_one_statement() {
    let insert = "INSERT INTO hits (page, done, failed) VALUES (?1, ?2, ?3)";
    let text = |engine| insert_or_add(engine, "hits", insert, "page", &["done", "failed"]);
    for engine in [Engine::Sqlite, Engine::Postgres] {
        assert_eq!(
            text(engine),
            format!(
                "{insert} ON CONFLICT (page) DO UPDATE SET done = hits.done + excluded.done, \
                 failed = hits.failed + excluded.failed"
            )
        );
    }
    for engine in [Engine::MariaDb, Engine::MySql] {
        assert_eq!(
            text(engine),
            format!(
                "{insert} ON DUPLICATE KEY UPDATE done = done + VALUES(done), \
                 failed = failed + VALUES(failed)"
            )
        );
    }
}
