// Holds the tree to the rules ARCHITECTURE.md states: which crate may use which, where SQL may
// stand, how long a file may be, and that what the docs name exists.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

import { faults, refusal } from "./planted-faults.mjs";

const problems = [];
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file && existsSync(file));
const read = (file) => readFileSync(file, "utf8");

// Arrows run one way, and each outside library is used by the crate that answers for it.
const allowed = {
  "duly-db": { crates: [], only: ["rusqlite", "sqlx", "deadpool", "crossbeam-channel"] },
  "duly-redis": { crates: [], only: [] },
  "duly-cache": { crates: ["duly-db", "duly-redis"], only: [] },
  "duly-queue": { crates: ["duly-db", "duly-redis"], only: [] },
  "duly-tracker": { crates: ["duly-cache", "duly-db", "duly-queue"], only: ["lettre", "argon2"] },
  "duly-server": { crates: ["duly-cache", "duly-db", "duly-queue", "duly-redis", "duly-tracker"], only: ["age", "axum", "hyper", "clap", "rust-embed", "toml"] },
};
const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--no-deps", "--format-version=1", "--offline"], { encoding: "utf8", maxBuffer: 1 << 28 }));
for (const crate of metadata.packages) {
  const rule = allowed[crate.name];
  if (!rule) {
    problems.push(`crate ${crate.name}: another crate needs an ADR and a line in this script`);
    continue;
  }
  for (const dependency of crate.dependencies.filter((one) => one.kind !== "dev")) {
    const owner = Object.entries(allowed).find(([, other]) => other.only.includes(dependency.name))?.[0];
    if (owner && owner !== crate.name) problems.push(`${crate.name} must not use ${dependency.name}; ${owner} answers for it`);
    if (dependency.name in allowed && dependency.name !== crate.name && !rule.crates.includes(dependency.name))
      problems.push(`${crate.name} must not use ${dependency.name}`);
  }
}

const isTest = (file) => /(^|\/)(tests|examples|benches)\//.test(file) || /(^|\/)tests?\.rs$/.test(file);
for (const file of files.filter((one) => /^(crates|bench)\/.*\.rs$/.test(one) || /^web\/src\/.*\.tsx?$/.test(one))) {
  if (/\.gen\.ts$|schema\.d\.ts$/.test(file)) continue;
  const lines = read(file).split("\n").length - 1;
  if (lines > 400) problems.push(`${file}: ${lines} lines; a file says one thing in at most 400`);
}
for (const file of files.filter((one) => /^crates\/server\/src\/.*\.rs$/.test(one))) {
  if (/"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/.test(read(file))) problems.push(`${file}: SQL belongs to the features in crates/tracker`);
}
for (const file of files.filter((one) => /^crates\/.*\.rs$/.test(one) && !one.startsWith("crates/db/") && !isTest(one))) {
  if (/Engine::\w+\s*=>/.test(read(file))) problems.push(`${file}: engines differ in crates/db/src/dialect.rs only`);
}

// What the docs name exists.
const tracked = new Set(files);
const folders = new Set(files.flatMap((file) => file.split("/").map((_, i, parts) => parts.slice(0, i).join("/"))));
const targets = new Set([...read("Makefile").matchAll(/^([a-z0-9-]+):/gm)].map((match) => match[1]));
for (const file of files.filter((one) => one.endsWith(".md"))) {
  const text = read(file);
  for (const [, path] of text.matchAll(/`((?:crates|web|deploy|docs|bench|scripts)\/[\w./-]+)`/g)) {
    const clean = path.replace(/\/$/, "");
    if (!tracked.has(clean) && !folders.has(clean)) problems.push(`${file}: names ${path}, which does not exist`);
  }
  for (const [, target] of text.matchAll(/`make ([a-z0-9-]+)/g)) {
    if (!targets.has(target)) problems.push(`${file}: names make ${target}, which does not exist`);
  }
  for (const [, link] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    const base = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : ".";
    if (!existsSync(`${base}/${link}`)) problems.push(`${file}: links to ${link}, which does not exist`);
  }
}
if (existsSync("README.md") && read("README.md").split("\n").length > 101) problems.push("README.md: a newcomer reads 100 lines");

// A fault that cannot be planted any more proves nothing; write its patch anew.
for (const fault of faults()) {
  const problem = refusal(fault);
  if (problem) problems.push(`scripts/faults/${fault.name}.patch: ${problem}`);
}

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? `structure: ${files.length} files hold the rules` : `structure: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
