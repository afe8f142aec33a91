//! Old and new nodes run side by side, so a migration may only add; and it may not keep anybody
//! from a large table for long. Reads the migrations of every crate.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a statement does to nodes that run meanwhile.
#[derive(Debug, PartialEq)]
enum Effect {
    /// Older releases do not notice.
    Expands,
    /// Older releases may fail; allowed once none runs any more, which the file has to say.
    Contracts(&'static str),
    /// Everybody waits; there is always another way.
    Locks(&'static str),
}

use Effect::{Contracts, Expands, Locks};

/// What begins the line that says why a file may contract.
const REASON: &str = "-- contract:";

/// What is wrong with a file, one sentence each. `engine` is the name of its folder.
fn problems(engine: &str, text: &str) -> Vec<String> {
    let reasons = text.lines().filter_map(|line| line.strip_prefix(REASON));
    let may_contract = reasons.map(str::trim).any(|reason| !reason.is_empty());
    let statements = statements(text);
    let mut made = BTreeSet::new();
    let mut found = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let after = statements.get(index + 1).map(String::as_str);
        if statement.contains(" INDEX CONCURRENTLY ") {
            found.extend(repeatable(index, &statements));
        }
        match effect(engine, statement, after, &mut made) {
            Expands => {}
            Contracts(_) if may_contract => {}
            Contracts(why) => found.push(format!(
                "{why}; when no running release needs it any more, \
                 say so on a line `{REASON} <why>`: {statement}"
            )),
            Locks(why) => found.push(format!("{why}: {statement}")),
        }
    }
    found
}

/// No transaction holds a `CREATE INDEX CONCURRENTLY`: a file with one is run again from its start
/// when it has failed, and may find an index that is there but not usable.
fn repeatable(index: usize, statements: &[String]) -> Option<String> {
    let statement = statements.get(index)?;
    if statement.starts_with("DROP ") {
        return None;
    }
    let name = first_word(statement.split(" CONCURRENTLY ").nth(1)?);
    let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
    let before = index.checked_sub(1).and_then(|index| statements.get(index));
    let alone = statements
        .iter()
        .all(|other| other.contains(" INDEX CONCURRENTLY "));
    (before != Some(&drop) || !alone)
        .then(|| format!("give it a file of its own, and put `{drop};` before it: {statement}"))
}

/// The statements in upper case, with single blanks and without comments.
fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    code.join("\n")
        .split(";\n")
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|statement| statement.trim_end_matches(';').to_uppercase())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// `made` are the tables this file has made: nobody uses those yet.
fn effect(
    engine: &str,
    statement: &str,
    after: Option<&str>,
    made: &mut BTreeSet<String>,
) -> Effect {
    if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
        made.insert(first_word(rest));
        return Expands;
    }
    if statement.contains("INDEX ") && statement.starts_with("CREATE ") {
        return index(engine, statement, made);
    }
    if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
        let (table, actions) = rest.split_once(' ').unwrap_or((rest, ""));
        if made.contains(table) {
            return Expands;
        }
        let effects = actions_of(actions).map(|action| alteration(engine, action));
        return worst(effects);
    }
    if let Some(rest) = statement.strip_prefix("INSERT INTO ") {
        return if made.contains(&first_word(rest)) || rest.contains(" VALUES ") {
            Expands
        } else {
            Locks(MOVES_ROWS)
        };
    }
    if let Some(name) = statement.strip_prefix("DROP INDEX CONCURRENTLY IF EXISTS ") {
        let again = format!("INDEX CONCURRENTLY {name} ");
        if after.is_some_and(|after| after.contains(&again)) {
            return Expands;
        }
    }
    match first_word(statement).as_str() {
        "UPDATE" | "DELETE" | "WITH" => Locks(MOVES_ROWS),
        "REINDEX" | "CLUSTER" | "VACUUM" | "LOCK" | "TRUNCATE" => {
            Locks("it keeps everybody from the table")
        }
        "DROP" => Contracts("older releases still use what it drops"),
        _ => Contracts("it is not known to only add something"),
    }
}

const MOVES_ROWS: &str =
    "it locks every row it touches; let a maintenance task move rows in batches";

fn index(engine: &str, statement: &str, made: &BTreeSet<String>) -> Effect {
    let table = statement.split(" ON ").nth(1).unwrap_or_default();
    let table = first_word(table.split('(').next().unwrap_or_default());
    if made.contains(&table) {
        Expands
    } else if engine == "postgres" && !statement.contains(" CONCURRENTLY ") {
        Locks("it keeps writers out while it reads the table; make the index CONCURRENTLY")
    } else if statement.starts_with("CREATE UNIQUE ") {
        Contracts("older releases may write rows that it refuses")
    } else {
        Expands
    }
}

/// One action of an `ALTER TABLE` on a table that is in use.
fn alteration(engine: &str, action: &str) -> Effect {
    let is_postgres = engine == "postgres";
    let has = |word: &str| format!(" {action} ").contains(&format!(" {word} "));
    let adds = [
        "ADD CONSTRAINT ",
        "ADD CHECK",
        "ADD FOREIGN ",
        "ADD UNIQUE ",
        "ADD PRIMARY ",
    ];
    if adds.iter().any(|start| action.starts_with(start)) {
        return if is_postgres && !action.ends_with(" NOT VALID") {
            Locks("it reads the whole table under a lock; add it NOT VALID and validate it later")
        } else {
            Contracts("older releases may write rows that it refuses")
        };
    }
    if action.starts_with("ADD INDEX ") || action.starts_with("ADD KEY ") {
        return Expands;
    }
    if action.starts_with("ADD ") {
        let default = action.split(" DEFAULT ").nth(1);
        return if is_postgres && default.is_some_and(|value| value.contains('(')) {
            Locks("it writes every row anew; add the column without a default that is computed")
        } else if is_postgres && (has("GENERATED") || has("SERIAL") || has("BIGSERIAL")) {
            Locks("it writes every row anew; fill the column in batches")
        } else if has("UNIQUE") || has("PRIMARY") {
            Locks("it builds an index under a lock; make the index by itself")
        } else if has("NOT") && default.is_none() {
            Contracts("older releases do not fill the column")
        } else {
            Expands
        };
    }
    if action.starts_with("VALIDATE CONSTRAINT ") {
        return Expands;
    }
    if is_postgres && (has("TYPE") || action.ends_with("SET NOT NULL")) {
        return Locks("it reads or writes the whole table under a lock");
    }
    Contracts("older releases still use what it changes")
}

fn worst(effects: impl Iterator<Item = Effect>) -> Effect {
    effects.fold(Expands, |worst, effect| match (&worst, &effect) {
        (Locks(_), _) | (Contracts(_), Expands | Contracts(_)) => worst,
        _ => effect,
    })
}

/// The actions of an `ALTER TABLE`: what lies between the commas outside of brackets.
fn actions_of(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(str::trim)
}

fn first_word(text: &str) -> String {
    let text = text.strip_prefix("IF NOT EXISTS ").unwrap_or(text).trim();
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn what_only_adds_is_allowed() {
    let fine = [
        "CREATE TABLE pets (id uuid PRIMARY KEY);\nCREATE UNIQUE INDEX pets_id ON pets (id);\n\
         INSERT INTO pets (id) SELECT id FROM animals;\n",
        "-- It may be old.\nALTER TABLE pets ADD COLUMN age bigint;\n",
        "ALTER TABLE pets ADD COLUMN age bigint NOT NULL DEFAULT 0,\n  ADD COLUMN size bigint;\n",
        "ALTER TABLE pets ADD COLUMN state text CHECK (state IN ('fed', 'hungry'));\n",
        "DROP INDEX CONCURRENTLY IF EXISTS pets_age;\n\
         CREATE INDEX CONCURRENTLY pets_age ON pets (age);\n",
        "ALTER TABLE pets VALIDATE CONSTRAINT pets_age_check;\n",
        "INSERT INTO kinds (name) VALUES ('cat');\n",
    ];
    for text in fine {
        assert_eq!(problems("postgres", text), Vec::<String>::new(), "{text}");
    }
    let index = "CREATE INDEX pets_age ON pets (age);\n";
    assert!(problems("mysql", index).is_empty() && problems("sqlite", index).is_empty());
}

#[test]
fn what_older_releases_still_need_may_go_only_with_a_reason() {
    let contracting = [
        "DROP TABLE pets;\n",
        "DROP INDEX pets_age;\n",
        "DROP INDEX CONCURRENTLY IF EXISTS pets_age;\n",
        "ALTER TABLE pets DROP COLUMN age;\n",
        "ALTER TABLE pets ADD COLUMN size bigint, DROP COLUMN age;\n",
        "ALTER TABLE pets RENAME TO animals;\n",
        "ALTER TABLE pets RENAME COLUMN age TO years;\n",
        "ALTER TABLE pets ADD COLUMN age bigint NOT NULL;\n",
        "ALTER TABLE pets ALTER COLUMN age DROP DEFAULT;\n",
        "ALTER TABLE pets MODIFY age VARCHAR(3);\n",
        "ALTER TABLE pets ADD CONSTRAINT pets_age_check CHECK (age > 0) NOT VALID;\n",
        "DROP INDEX CONCURRENTLY IF EXISTS pets_name;\n\
         CREATE UNIQUE INDEX CONCURRENTLY pets_name ON pets (name);\n",
        "CREATE TRIGGER pets_fed AFTER INSERT ON pets EXECUTE FUNCTION feed();\n",
    ];
    for text in contracting {
        assert_eq!(problems("postgres", text).len(), 1, "{text}");
        let excused = format!("-- contract: nothing since 2.3 reads it\n{text}");
        assert!(problems("postgres", &excused).is_empty(), "{text}");
        let empty = format!("-- contract:  \n{text}");
        assert_eq!(
            problems("postgres", &empty).len(),
            1,
            "a reason says something"
        );
    }
}

#[test]
fn what_locks_a_large_table_is_never_allowed() {
    let locking = [
        "CREATE INDEX pets_age ON pets (age);\n",
        "CREATE INDEX CONCURRENTLY pets_age ON pets (age);\n",
        "DROP INDEX CONCURRENTLY IF EXISTS pets_age;\n\
         CREATE INDEX CONCURRENTLY pets_age ON pets (age);\nCREATE TABLE cats (id uuid);\n",
        "ALTER TABLE pets ALTER COLUMN age TYPE bigint;\n",
        "ALTER TABLE pets ALTER COLUMN age SET DATA TYPE bigint;\n",
        "ALTER TABLE pets ALTER COLUMN age SET NOT NULL;\n",
        "ALTER TABLE pets ADD CONSTRAINT pets_age_check CHECK (age > 0);\n",
        "ALTER TABLE pets ADD FOREIGN KEY (owner_id) REFERENCES users (id);\n",
        "ALTER TABLE pets ADD COLUMN id uuid DEFAULT gen_random_uuid();\n",
        "ALTER TABLE pets ADD COLUMN number bigserial;\n",
        "ALTER TABLE pets ADD COLUMN code text UNIQUE;\n",
        "ALTER TABLE pets DROP COLUMN size, ALTER COLUMN age TYPE bigint;\n",
        "UPDATE pets SET age = 0;\n",
        "DELETE FROM pets;\n",
        "INSERT INTO pets (id) SELECT id FROM animals;\n",
        "VACUUM FULL pets;\n",
        "LOCK TABLE pets;\n",
    ];
    for text in locking {
        let excused = format!("-- contract: nothing since 2.3 reads it\n{text}");
        assert_eq!(problems("postgres", &excused).len(), 1, "{text}");
    }
}

fn crates() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = std::fs::read_dir(all).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    folders
        .filter(|folder| folder.join("migrations").exists())
        .collect()
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_migration_only_adds_or_says_why_not() {
    let mut found = Vec::new();
    for folder in crates() {
        for engine in ["sqlite", "postgres", "mysql"] {
            for (name, text) in files(&folder.join("migrations").join(engine)) {
                let place = format!("{}/{engine}/{name}", folder.display());
                let problems = problems(engine, &text).into_iter();
                found.extend(problems.map(|problem| format!("{place}: {problem}")));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_engine_has_the_same_migrations() {
    assert!(!crates().is_empty());
    for folder in crates() {
        let names = |engine| {
            let files = files(&folder.join("migrations").join(engine));
            files.into_keys().collect::<Vec<_>>()
        };
        let place = folder.display();
        assert_eq!(names("postgres"), names("sqlite"), "{place}");
        assert_eq!(names("mysql"), names("sqlite"), "{place}");
        for (number, name) in (1..).zip(names("sqlite")) {
            assert!(
                name.starts_with(&format!("{number:04}_")),
                "{place}: {name}"
            );
        }
    }
}
