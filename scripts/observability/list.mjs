// What is measured of Duly, and what is made of it: figures recorded for others, alerts with the cases that test
// them, and the panels of the dashboard. scripts/observability.mjs writes files from it.

/** Every series that something here asks Duly for. */
export const metrics = new Set();

/** One of Duly's series. Others may have series of the same name, so the job is always asked for. */
const of = (name, ...labels) => {
  if (name !== "up") metrics.add(name); // Prometheus itself says who is up.
  return `${name}{${['job="duly"', ...labels].join(",")}}`;
};
const rate = (name, ...labels) => `rate(${of(name, ...labels)}[5m])`;
/** For panels: as long as Grafana finds right for what is shown. */
const shown = (name, ...labels) => `rate(${of(name, ...labels)}[$__rate_interval])`;
const quantile = (share, name, by, ...labels) =>
  `histogram_quantile(${share}, sum by (${["le", ...by].join(", ")}) (${shown(`${name}_bucket`, ...labels)}))`;

const requests = "http_server_request_duration_seconds";
const statements = "db_client_operation_duration_seconds";
const runs = "messaging_process_duration_seconds";
/** A stream of events lasts as long as somebody listens, which says nothing of how quick Duly is. */
const answered = 'http_route!="/api/v1/events"';

// Every process says the same of a queue, of a replica and of the scheduler, each as far as it knows. So these are
// the largest, or the smallest, of what they say, and never a sum.
export const records = [
  {
    record: "duly:http_errors:ratio5m",
    expr: `(sum(${rate(`${requests}_count`, 'http_response_status_code=~"5.."')}) or vector(0)) / sum(${rate(`${requests}_count`)})`,
  },
  {
    record: "duly:http_duration_seconds:p95_5m",
    expr: `histogram_quantile(0.95, sum by (le) (${rate(`${requests}_bucket`, answered)}))`,
  },
  { record: "duly:queue_jobs:max", expr: `max by (queue, state) (${of("duly_queue_jobs")})` },
  { record: "duly:queue_oldest_age_seconds:max", expr: `max by (queue) (${of("duly_queue_oldest_age_seconds")})` },
];

// `fires` and `quiet`: the series Duly would show (their values a minute apart), and the minute that is looked at.
// `labels` and `says` are those of the alert, and how its {{ $value }} reads; `before` is a minute at which all is as
// bad already, but not yet for as long as the alert waits.
const series = (name, labels, values) => ({ series: `${name}{job="duly",${labels}}`, values });
const answers = (code, each) => series(`${requests}_count`, `http_response_status_code="${code}"`, `0+${each}x40`);
const buckets = (route, quarter, half) => [
  series(`${requests}_bucket`, `http_route="${route}",le="0.25"`, `0+${quarter}x40`),
  series(`${requests}_bucket`, `http_route="${route}",le="0.5"`, `0+${half}x40`),
  series(`${requests}_bucket`, `http_route="${route}",le="+Inf"`, "0+100x40"),
];
const both = (name, labels, values) => ["a", "b"].map((node) => series(name, `instance="${node}",${labels}`, values));

export const alerts = [
  {
    alert: "DulyErrors",
    expr: "duly:http_errors:ratio5m > 0.01",
    for: "5m",
    severity: "page",
    summary: "More than one request in a hundred fails",
    description: "{{ $value | humanizePercentage }} of the requests of the last five minutes ended in an error of the server.",
    fires: { series: [answers(200, 95), answers(503, 5)], before: 4, minute: 20, labels: {}, says: "5%" },
    quiet: { series: [answers(200, 999), answers(404, 500), answers(500, 1)], minute: 20 },
  },
  {
    alert: "DulySlow",
    expr: "duly:http_duration_seconds:p95_5m > 0.3",
    for: "10m",
    severity: "page",
    summary: "Answers take long",
    description: "Five requests in a hundred take {{ $value | humanizeDuration }} or longer.",
    fires: { series: buckets("/api/v1/tasks", 50, 100), before: 8, minute: 30, labels: {}, says: "475ms" },
    quiet: { series: [...buckets("/api/v1/tasks", 100, 100), ...buckets("/api/v1/events", 0, 0)], minute: 30 },
  },
  {
    alert: "DulyJobsWait",
    expr: 'duly:queue_oldest_age_seconds:max{queue!="maintenance"} > 60 or duly:queue_oldest_age_seconds:max{queue="maintenance"} > 900',
    for: "2m",
    severity: "page",
    summary: "Jobs of {{ $labels.queue }} wait",
    description: "The oldest job of {{ $labels.queue }} that is due has waited for {{ $value | humanizeDuration }}.",
    fires: { series: [...both("duly_queue_oldest_age_seconds", 'queue="urgent"', "90x20"), series("duly_queue_oldest_age_seconds", 'instance="c",queue="urgent"', "0x20")], before: 1, minute: 10, labels: { queue: "urgent" }, says: "1m 30s" },
    quiet: {
      series: [
        ...both("duly_queue_oldest_age_seconds", 'queue="urgent"', "30x20"),
        ...both("duly_queue_oldest_age_seconds", 'queue="maintenance"', "600x20"),
      ],
      minute: 10,
    },
  },
  {
    alert: "DulyJobsFailed",
    expr: 'duly:queue_jobs:max{state="failed"} - duly:queue_jobs:max{state="failed"} offset 15m > 0',
    severity: "ticket",
    summary: "Jobs of {{ $labels.queue }} failed for good",
    description: "{{ $value | humanize }} jobs of {{ $labels.queue }} used up their tries within 15 minutes.",
    fires: { series: both("duly_queue_jobs", 'queue="reminders",state="failed"', "7x20 10x20"), minute: 25, labels: { queue: "reminders", state: "failed" }, says: "3" },
    quiet: { series: both("duly_queue_jobs", 'queue="reminders",state="failed"', "7x20 2x20"), minute: 25 },
  },
  {
    alert: "DulyReplicaLags",
    expr: `max by (server) (${of("duly_database_replica_lag_seconds")}) > 10`,
    for: "2m",
    severity: "ticket",
    summary: "The replica {{ $labels.server }} is behind",
    description: "{{ $labels.server }} is {{ $value | humanizeDuration }} behind the primary.",
    fires: { series: [...both("duly_database_replica_lag_seconds", 'server="db2"', "20x20"), series("duly_database_replica_lag_seconds", 'instance="c",server="db2"', "0x20")], before: 1, minute: 10, labels: { server: "db2" }, says: "20s" },
    quiet: { series: both("duly_database_replica_lag_seconds", 'server="db2"', "2x5 20x1 2x20"), minute: 7 },
  },
  {
    alert: "DulyReplicaDown",
    expr: `max by (server) (${of("duly_database_up", 'role="replica"')}) == 0`,
    for: "5m",
    severity: "ticket",
    summary: "The replica {{ $labels.server }} does not answer",
    description: "No process of Duly gets an answer from {{ $labels.server }}; others answer in its place.",
    fires: { series: both("duly_database_up", 'server="db2",role="replica"', "1x5 0x20"), before: 9, minute: 15, labels: { server: "db2" } },
    quiet: { series: [series("duly_database_up", 'instance="a",server="db2",role="replica"', "0x30"), series("duly_database_up", 'instance="b",server="db2",role="replica"', "1x30")], minute: 15 },
  },
  {
    alert: "DulyPrimaryDown",
    expr: `max by (server) (${of("duly_database_up", 'role="primary"')}) == 0`,
    for: "1m",
    severity: "page",
    summary: "The primary database {{ $labels.server }} does not answer",
    description: "No process of Duly gets an answer from {{ $labels.server }}. People can read as long as a replica answers, and change nothing.",
    fires: { series: both("duly_database_up", 'server="db1",role="primary"', "1x5 0x20"), before: 6, minute: 8, labels: { server: "db1" } },
    quiet: { series: [series("duly_database_up", 'instance="a",server="db1",role="primary"', "0x30"), series("duly_database_up", 'instance="b",server="db1",role="primary"', "1x30")], minute: 8 },
  },
  {
    alert: "DulyNotReady",
    expr: `max by (instance) (${of("duly_database_up")}) == 0`,
    for: "2m",
    severity: "page",
    summary: "{{ $labels.instance }} is not ready",
    description: "No database answers {{ $labels.instance }}, so /readyz sends requests elsewhere.",
    fires: { series: [series("duly_database_up", 'instance="a",server="db1",role="primary"', "0x30"), series("duly_database_up", 'instance="a",server="db2",role="replica"', "0x30")], before: 1, minute: 10, labels: { instance: "a" } },
    quiet: { series: [series("duly_database_up", 'instance="a",server="db1",role="primary"', "0x30"), series("duly_database_up", 'instance="a",server="db2",role="replica"', "1x30")], minute: 10 },
  },
  {
    alert: "DulyFlapping",
    expr: `max by (instance) (changes(${of("process_start_time_seconds")}[15m])) > 2`,
    severity: "ticket",
    summary: "{{ $labels.instance }} starts again and again",
    description: "{{ $labels.instance }} was started {{ $value | humanize }} times within 15 minutes.",
    fires: { series: [series("process_start_time_seconds", 'instance="a"', "100 100 200 200 300 300 400 400 400 400")], minute: 9, labels: { instance: "a" }, says: "3" },
    quiet: { series: [series("process_start_time_seconds", 'instance="a"', "100 100 100 200 200 200 200 200 200 200")], minute: 9 },
  },
  {
    alert: "DulySchedulerSilent",
    expr: `min(${of("duly_scheduler_heard_seconds")}) > 60`,
    for: "1m",
    severity: "page",
    summary: "Nothing is scheduled",
    description: "No scheduler was heard of for {{ $value | humanizeDuration }}; reminders are not planned.",
    fires: { series: both("duly_scheduler_heard_seconds", 'role="web"', "0+60x20"), before: 2, minute: 5, labels: {}, says: "5m 0s" },
    quiet: { series: [series("duly_scheduler_heard_seconds", 'instance="a"', "0+60x20"), series("duly_scheduler_heard_seconds", 'instance="b"', "3x20")], minute: 5 },
  },
  {
    alert: "DulyNodeDown",
    expr: `max by (instance) (${of("up")}) == 0`,
    for: "2m",
    severity: "ticket",
    summary: "{{ $labels.instance }} does not answer",
    description: "Prometheus gets no answer from {{ $labels.instance }}. If others are up, they have taken over.",
    fires: { series: [series("up", 'instance="a"', "1x5 0x20"), series("up", 'instance="b"', "1x30")], before: 7, minute: 10, labels: { instance: "a" } },
    quiet: { series: [series("up", 'instance="a"', "1x5 0x1 1x20"), series("up", 'instance="b"', "1x30")], minute: 7 },
  },
  {
    alert: "DulyGone",
    expr: `absent(${of("up")})`,
    for: "5m",
    severity: "page",
    summary: "There is no Duly",
    description: "Prometheus knows of no process of Duly at all.",
    fires: { series: [{ series: 'up{job="other"}', values: "1x20" }], before: 3, minute: 10, labels: { job: "duly" } },
    quiet: { series: [series("up", 'instance="a"', "0x20")], minute: 10 },
  },
];

const line = (expr, legend) => ({ expr, legend });

export const rows = [
  {
    title: "Requests",
    panels: [
      { title: "Requests by route", unit: "reqps", lines: [line(`sum by (http_request_method, http_route) (${shown(`${requests}_count`)})`, "{{http_request_method}} {{http_route}}")] },
      { title: "Errors by route", unit: "reqps", lines: [line(`sum by (http_route, http_response_status_code) (${shown(`${requests}_count`, 'http_response_status_code=~"5.."')})`, "{{http_response_status_code}} {{http_route}}")] },
      { title: "Time by route, 95 of 100", unit: "s", lines: [line(quantile(0.95, requests, ["http_route"], answered), "{{http_route}}")] },
      { title: "Share that fails", unit: "percentunit", lines: [line("duly:http_errors:ratio5m", "errors of the server")] },
      { title: "Time of all", unit: "s", lines: [0.5, 0.95, 0.99].map((share) => line(quantile(share, requests, [], answered), `${share * 100} of 100`)) },
      { title: "Under way", unit: "short", lines: [line(`sum(${of("http_server_active_requests")})`, "requests"), line(`sum(${of("duly_event_listeners")})`, "open pages that listen")] },
    ],
  },
  {
    title: "Database",
    panels: [
      { title: "Time of statements", unit: "s", lines: [0.5, 0.95, 0.99].map((share) => line(quantile(share, statements, ["duly_database_role"]), `{{duly_database_role}}, ${share * 100} of 100`)) },
      { title: "Statements", unit: "ops", lines: [line(`sum by (db_system_name, duly_database_role) (${shown(`${statements}_count`)})`, "{{db_system_name}} {{duly_database_role}}")] },
      { title: "Slow queries", unit: "ops", lines: [line(`sum(${shown("duly_slow_queries_total")})`, "slow queries")] },
      { title: "How far replicas are behind", unit: "s", lines: [line(`max by (server) (${of("duly_database_replica_lag_seconds")})`, "{{server}}")] },
      { title: "Servers that answer", unit: "short", lines: [line(`min by (server, role) (${of("duly_database_up")})`, "{{role}} {{server}}")] },
      { title: "Connections", unit: "short", lines: [line(`sum by (state) (${of("db_client_connection_count")})`, "{{state}}")] },
    ],
  },
  {
    title: "Jobs",
    panels: [
      { title: "Waiting", unit: "short", lines: [line('duly:queue_jobs:max{state="ready"}', "{{queue}}")] },
      { title: "Age of the oldest", unit: "s", lines: [line("duly:queue_oldest_age_seconds:max", "{{queue}}")] },
      { title: "Attempts", unit: "ops", lines: [line(`sum by (queue, outcome) (${shown("duly_job_attempts_total")})`, "{{queue}} {{outcome}}")] },
      { title: "Attempts by kind", unit: "ops", lines: [line(`sum by (kind, outcome) (${shown("duly_job_attempts_total")})`, "{{kind}} {{outcome}}")] },
      { title: "Time by kind, 95 of 100", unit: "s", lines: [line(quantile(0.95, runs, ["duly_job_kind"]), "{{duly_job_kind}}")] },
      { title: "Throughput by queue", unit: "ops", lines: [line(`sum by (messaging_destination_name) (${shown(`${runs}_count`)})`, "{{messaging_destination_name}}")] },
      { title: "Running, scheduled, failed", unit: "short", lines: [line('duly:queue_jobs:max{state!="ready"}', "{{queue}} {{state}}")] },
      { title: "Mails", unit: "ops", lines: [line(`sum by (outcome) (${shown("duly_mails_total")})`, "{{outcome}}")] },
      { title: "Since a scheduler was heard of", unit: "s", lines: [line(`min(${of("duly_scheduler_heard_seconds")})`, "scheduler")] },
    ],
  },
  {
    title: "Cache and processes",
    panels: [
      { title: "What the cache knew", unit: "ops", lines: [line(`sum by (result) (${shown("duly_cache_answers_total")})`, "{{result}}")] },
      { title: "Processors", unit: "short", lines: [line(`sum by (instance) (${shown("process_cpu_seconds_total")})`, "{{instance}}")] },
      { title: "Memory", unit: "bytes", lines: [line(`max by (instance) (${of("process_resident_memory_bytes")})`, "{{instance}}")] },
      { title: "Since when they run", unit: "s", lines: [line(`time() - max by (instance) (${of("process_start_time_seconds")})`, "{{instance}}")] },
      { title: "Versions", unit: "short", lines: [line(`count by (version) (${of("duly_build_info")})`, "{{version}}")] },
    ],
  },
];
