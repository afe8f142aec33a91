//! Statements as spans.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use duly_db::testing::TestDatabase;
use duly_db::{Engine, query, versions};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Instrument as _, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

type Fields = BTreeMap<String, String>;

/// A span by its parent, and what it says.
type Note = (Option<u64>, Fields);

/// Notes every span with its parent. What other tests do at the same time is noted as well.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<BTreeMap<u64, Note>>>);

struct Reading<'a>(&'a mut Fields);

impl Visit for Reading<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut Reading(&mut fields));
        let parent = attributes.parent().map(Id::into_u64);
        let mut notes = self.0.lock().unwrap();
        notes.insert(id.into_u64(), (parent, fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some((_, fields)) = self.0.lock().unwrap().get_mut(&id.into_u64()) {
            values.record(&mut Reading(fields));
        }
    }
}

#[tokio::test]
async fn statements_are_shown_below_the_span_they_were_written_in() {
    let notes = Notes::default();
    let subscriber = tracing_subscriber::registry().with(notes.clone());
    // The threads that run statements have to hear of it as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let db = TestDatabase::new(&[versions::MIGRATIONS]).await;
    let owner = Uuid::from_u128(42);
    let outside = query("SELECT owner_id FROM versions");
    let span = tracing::info_span!("request");
    async {
        let mut tx = db.begin();
        versions::start(&mut tx, owner).await.unwrap();
        tx.commit().await.unwrap();
        let by_owner = query("SELECT data FROM versions WHERE owner_id = ?1").bind(owner);
        db.read_fresh().rows(by_owner).await.unwrap();
        db.read_fresh().rows(outside).await.unwrap();
        let wrong = query("SELECT nothing FROM versions");
        assert!(db.read_fresh().rows(wrong).await.is_err());
    }
    .instrument(span.clone())
    .await;
    let id = span.id().map(|id| id.into_u64());
    let notes = notes.0.lock().unwrap();
    let below = notes.values().filter(|(parent, _)| *parent == id);
    let below: Vec<&Fields> = below.map(|(_, fields)| fields).collect();
    let named = |name: &str| -> Vec<&&Fields> {
        let fits = |it: &&&Fields| it["otel.name"] == name;
        below.iter().filter(fits).collect()
    };
    let system = match db.engine() {
        Engine::Postgres => "postgresql",
        engine => engine.name(),
    };
    for fields in &below {
        assert_eq!(fields["otel.kind"], "client");
        assert_eq!(fields["db.system.name"], system);
        assert_eq!(fields["duly.db.role"], "primary");
    }
    assert_eq!(named("INSERT versions").len(), 1, "{below:#?}");
    assert_eq!(named("COMMIT").len(), 1);
    let [read, wrong] = named("SELECT versions")[..] else {
        panic!("what was written outside is shown: {below:#?}");
    };
    assert_eq!(
        read["db.query.text"],
        "SELECT data FROM versions WHERE owner_id = ?"
    );
    assert_eq!(read.get("error.type"), None);
    assert_eq!(
        (&*wrong["error.type"], &*wrong["otel.status_code"]),
        ("other", "error")
    );
}
