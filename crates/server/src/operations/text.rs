//! All figures as OpenMetrics.

use std::fmt;

use duly_cache::Counters;
use duly_db::status::{PrimaryState, ReplicaState};
use duly_db::{StatementTimings, Status, Timings};
use duly_tracker::mail::MailCounts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::Operations;
use super::figures::QueueFigures;
use crate::process;

/// The media type of what [`write`] answers.
pub(super) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The labels of figures that are the only ones of their name.
const NONE: [(&str, &str); 0] = [];

/// Reads all figures and writes them.
pub(super) async fn write(operations: &Operations) -> String {
    let mut registry = Registry::default();
    operations.jobs.show(&mut registry);
    if let Some(app) = operations.node.app() {
        app.traffic.show(&mut registry);
    }
    let own = match operations.tracker() {
        None => None,
        Some(tracker) => Some(Own {
            queues: operations.figures.queues(tracker).await,
            database: tracker.db.status(),
            statements: tracker.db.timings(),
            slow: tracker.db.slow_count(),
            cache: tracker.cache.counters(),
            mails: tracker.mailer.counts(),
            listeners: tracker.live.listeners(),
        }),
    };
    registry.register_collector(Box::new(Snapshot {
        role: operations.role,
        own,
    }));
    let mut text = String::new();
    // A text takes whatever is written to it.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

/// What is read at once, when somebody asks.
#[derive(Debug)]
struct Snapshot {
    role: &'static str,
    /// Nothing before the start is complete.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    queues: Option<QueueFigures>,
    database: Status,
    statements: StatementTimings,
    slow: u64,
    cache: Counters,
    mails: MailCounts,
    listeners: usize,
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.process(&mut page)?;
        let Some(own) = &self.own else {
            return Ok(());
        };
        own.database(&mut page)?;
        own.queues(&mut page)?;
        own.product(&mut page)
    }
}

impl Snapshot {
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let built = [("version", env!("CARGO_PKG_VERSION")), ("role", self.role)];
        page.gauge("duly_build_info", "What runs", None, [(built, 1.0)])?;
        page.counter(
            "process_cpu",
            "What this process has used of all processors",
            Some(&Unit::Seconds),
            [(NONE, process::cpu_seconds())],
        )?;
        let memory = process::resident_memory();
        page.gauge(
            "process_resident_memory",
            "The memory that this process has",
            Some(&Unit::Bytes),
            [(NONE, exact(memory))],
        )?;
        page.gauge(
            "process_start_time",
            "When this process was started, since 1970 UTC",
            Some(&Unit::Seconds),
            process::started_at().map(|started| (NONE, started)),
        )
    }
}

impl Own {
    fn database(&self, page: &mut Page<'_>) -> fmt::Result {
        let status = &self.database;
        let up = |is_up: bool| if is_up { 1.0 } else { 0.0 };
        let primary = [("server", "primary"), ("role", "primary")];
        let primary = (primary, up(status.primary.state == PrimaryState::Up));
        let replicas = status.replicas.iter().map(|replica| {
            let labels = [("server", replica.name.as_str()), ("role", "replica")];
            (labels, up(replica.state == ReplicaState::Serving))
        });
        let servers = std::iter::once(primary).chain(replicas);
        page.gauge("duly_database_up", "Whether it is asked", None, servers)?;
        let lags = status.replicas.iter().filter_map(|replica| {
            let lag = std::time::Duration::from_millis(replica.lag_ms?);
            Some(([("server", replica.name.as_str())], lag.as_secs_f64()))
        });
        page.gauge(
            "duly_database_replica_lag",
            "How far it is behind",
            Some(&Unit::Seconds),
            lags,
        )?;
        let pool = &status.pool;
        page.gauge(
            "db_client_connection_count",
            "Connections to the primary; on SQLite those that read",
            None,
            [("idle", pool.idle), ("used", pool.in_use)]
                .map(|(state, count)| ([("state", state)], exact(count))),
        )?;
        page.gauge(
            "db_client_connection_pending_requests",
            "Who waits for a connection",
            None,
            [(NONE, exact(pool.waiting))],
        )?;
        let statements = [
            ("primary", &self.statements.primary),
            ("replica", &self.statements.replicas),
        ];
        let system = status.engine.name();
        page.timings(
            "db_client_operation_duration",
            "How long statements took",
            statements.map(|(role, timings)| {
                let labels = [("db_system_name", system), ("duly_database_role", role)];
                (labels, timings)
            }),
        )?;
        page.counter(
            "duly_slow_queries",
            "Statements that took longer than database.slow_query",
            None,
            [(NONE, exact(self.slow))],
        )
    }

    fn queues(&self, page: &mut Page<'_>) -> fmt::Result {
        let Some(queues) = &self.queues else {
            return Ok(());
        };
        let jobs = queues.counts.iter().flat_map(|(queue, counts)| {
            let states = [
                ("ready", counts.ready),
                ("scheduled", counts.scheduled),
                ("running", counts.running),
                ("failed", counts.failed),
            ];
            states.map(|(state, count)| {
                let labels = [("queue", queue.as_str()), ("state", state)];
                (labels, exact(count))
            })
        });
        page.gauge("duly_queue_jobs", "Jobs by their state", None, jobs)?;
        let oldest = queues.oldest.iter();
        page.gauge(
            "duly_queue_oldest_age",
            "For how long the job that is due has waited that waits longest",
            Some(&Unit::Seconds),
            oldest.map(|(queue, age)| ([("queue", queue.as_str())], *age)),
        )?;
        page.gauge(
            "duly_scheduler_heard",
            "For how long nobody has started what is scheduled; 0 while somebody does",
            Some(&Unit::Seconds),
            queues.leaderless.map(|since| (NONE, since)),
        )
    }

    fn product(&self, page: &mut Page<'_>) -> fmt::Result {
        let cache = [
            ("memory", self.cache.hits),
            ("store", self.cache.hits_in_store),
            ("loaded", self.cache.loads),
        ];
        page.counter(
            "duly_cache_answers",
            "Where answers came from",
            None,
            cache.map(|(result, count)| ([("result", result)], exact(count))),
        )?;
        let mails = [
            ("taken", self.mails.taken),
            ("put_off", self.mails.put_off),
            ("refused", self.mails.refused),
        ];
        page.counter(
            "duly_mails",
            "What became of mails that were handed over",
            None,
            mails.map(|(outcome, count)| ([("outcome", outcome)], exact(count))),
        )?;
        let listeners = u64::try_from(self.listeners).unwrap_or(u64::MAX);
        page.gauge(
            "duly_event_listeners",
            "Streams of events that are open",
            None,
            [(NONE, exact(listeners))],
        )
    }
}

/// What is written, figure by figure.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut figure = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in values {
            figure.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counter<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut figure = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in values {
            let none: Option<&Exemplar<NoLabelSet, f64>> = None;
            figure
                .encode_family(&labels)?
                .encode_counter(&value, none)?;
        }
        Ok(())
    }

    fn timings<'t, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, &'t Timings)>,
    ) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let mut figure = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for (labels, timings) in values {
            let bounds = timings.buckets.iter().map(|(bound, count)| {
                let bound = bound.map_or(f64::MAX, |bound| bound.as_secs_f64());
                (bound, *count)
            });
            let buckets: Vec<(f64, u64)> = bounds.collect();
            figure
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(
                    timings.total.as_secs_f64(),
                    timings.count(),
                    &buckets,
                    None,
                )?;
        }
        Ok(())
    }
}

/// A count as it is written: exact to 2^53, and nobody counts further.
#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "see there"
)]
fn exact(count: u64) -> f64 {
    count as f64
}
