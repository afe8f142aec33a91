// Writes what watches over Duly from one list, scripts/observability/list.mjs: the rules of Prometheus and their
// tests, the dashboard of Grafana, and the names of all series these ask for.
//   node scripts/observability.mjs                  writes the files
//   node scripts/observability.mjs --check          says which of them are not what the list says
//   node scripts/observability.mjs --expressions    prints every expression there is as rules, to be checked
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { alerts, metrics, records, rows } from "./observability/list.mjs";

const folder = "deploy/observability";
const page = "docs/operator/monitoring.md";
const written = "Written by scripts/observability.mjs from scripts/observability/list.mjs.";

/** The lines of a value as YAML. Texts are quoted as in JSON, which YAML is a superset of. */
function yaml(value) {
  const entries = Array.isArray(value) ? value.map((one) => ["-", one]) : Object.entries(value).map(([key, one]) => [`${key}:`, one]);
  return entries.flatMap(([key, one]) => {
    if (one === null || typeof one !== "object") return [`${key} ${typeof one === "string" ? JSON.stringify(one) : one}`];
    const inner = yaml(one);
    if (inner.length === 0) return [`${key} ${Array.isArray(one) ? "[]" : "{}"}`];
    if (key === "-") return [`- ${inner[0]}`, ...inner.slice(1).map((text) => `  ${text}`)];
    return [key, ...inner.map((text) => `  ${text}`)];
  });
}
const document = (value) => `# ${written}\n${yaml(value).join("\n")}\n`;

const annotations = ({ alert, summary, description }) => ({ summary, description, runbook_url: `${page}#${alert.toLowerCase()}` });

const groups = [
  { name: "duly-records", interval: "15s", rules: records },
  {
    name: "duly-alerts",
    interval: "15s",
    rules: alerts.map((one) => ({
      alert: one.alert,
      expr: one.expr,
      ...(one.for && { for: one.for }),
      labels: { severity: one.severity },
      annotations: annotations(one),
    })),
  },
];

/** A text of an alert as it reads when it fires. */
const filled = (text, { labels, says }) =>
  text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name) => labels[name]).replace(/\{\{ \$value[^}]*\}\}/g, says);

function tests(one) {
  const texts = Object.fromEntries(Object.entries(annotations(one)).map(([key, text]) => [key, filled(text, one.fires)]));
  const firing = { exp_labels: { severity: one.severity, ...one.fires.labels }, exp_annotations: texts };
  const at = (minute, expected) => ({ eval_time: `${minute}m`, alertname: one.alert, exp_alerts: expected });
  const test = (name, { series }, moments) => ({ name: `${one.alert} ${name}`, interval: "1m", input_series: series, alert_rule_test: moments });
  return [
    test("fires", one.fires, [...(one.for ? [at(one.fires.before, [])] : []), at(one.fires.minute, [firing])]),
    test("keeps quiet", one.quiet, [at(one.quiet.minute, [])]),
  ];
}

/** Panels, three side by side below the title of their row. */
function panels() {
  const made = [];
  let y = 0;
  for (const { title, panels: inner } of rows) {
    made.push({ id: made.length + 1, type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y, w: 24, h: 1 } });
    inner.forEach((panel, index) => made.push(graph(made.length + 1, panel, { x: (index % 3) * 8, y: y + 1 + Math.floor(index / 3) * 8, w: 8, h: 8 })));
    y += 1 + Math.ceil(inner.length / 3) * 8;
  }
  return made;
}

const graph = (id, { title, unit, lines }, gridPos) => ({
  id,
  type: "timeseries",
  title,
  gridPos,
  datasource: { type: "prometheus", uid: "${datasource}" },
  fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: "never" } }, overrides: [] },
  options: { legend: { displayMode: "list", placement: "bottom", showLegend: true }, tooltip: { mode: "multi", sort: "desc" } },
  targets: lines.map(({ expr, legend }, index) => ({ refId: String.fromCharCode(65 + index), expr, legendFormat: legend })),
});

const dashboard = {
  uid: "duly",
  title: "Duly",
  description: written,
  tags: ["duly"],
  schemaVersion: 39,
  editable: true,
  refresh: "30s",
  time: { from: "now-6h", to: "now" },
  templating: { list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" }] },
  panels: panels(),
};

const files = {
  [`${folder}/rules.yaml`]: document({ groups }),
  [`${folder}/rules.test.yaml`]: document({ rule_files: ["rules.yaml"], evaluation_interval: "15s", tests: alerts.flatMap(tests) }),
  [`${folder}/grafana.json`]: `${JSON.stringify(dashboard, null, 2)}\n`,
  [`${folder}/metrics.txt`]: `${[...metrics].sort().join("\n")}\n`,
  "deploy/kubernetes/monitoring/prometheus-rule.yaml": document({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "duly", labels: { "app.kubernetes.io/name": "duly" } },
    spec: { groups },
  }),
};

/** What is asked for by files that are written by hand: how many workers there shall be. */
const scaling = ["deploy/kubernetes/workers-by-keda/scaled-object.yaml", "deploy/kubernetes/workers-by-hpa/adapter-rules.yaml"];
const queries = scaling.flatMap((file) => {
  const found = [...readFileSync(file, "utf8").matchAll(/^ *(?:query|metricsQuery): '?(.*?)'?$/gm)];
  return found.map(([, expr]) => ({ file, expr }));
});

function problems() {
  const found = Object.entries(files)
    .filter(([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text)
    .map(([file]) => `${file} is not what scripts/observability/list.mjs says; run: node scripts/observability.mjs`);
  for (const { file, expr } of queries) {
    for (const [name] of expr.matchAll(/\b[a-z]+_[a-z_]+(?=\{)/g)) if (!metrics.has(name)) found.push(`${file}: asks for ${name}, which nothing else does`);
  }
  const text = existsSync(page) ? readFileSync(page, "utf8") : "";
  for (const { alert } of alerts) if (!text.includes(`\n### ${alert}\n`)) found.push(`${page}: does not say what to do about ${alert}`);
  return found;
}

if (process.argv.includes("--expressions")) {
  const shown = rows.flatMap((row) => row.panels.flatMap((panel) => panel.lines.map(({ expr }) => expr)));
  const all = [...shown, ...queries.map(({ expr }) => expr)].map((expr) => expr.replaceAll("$__rate_interval", "5m"));
  console.log(yaml({ groups: [{ name: "expressions", rules: all.map((expr, index) => ({ record: `expression:${index}`, expr })) }] }).join("\n"));
} else if (process.argv.includes("--check")) {
  const found = problems();
  for (const problem of found) console.error(problem);
  console.log(`observability: ${alerts.length} alerts, ${metrics.size} series, ${found.length} problems`);
  process.exit(found.length === 0 ? 0 : 1);
} else {
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
}
