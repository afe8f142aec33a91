// Every dependency carries a licence that lets Duly be given away under MIT or Apache-2.0.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const accepted = new Set([
  "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
  "CC0-1.0", "CC-BY-4.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "OpenSSL", "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib",
]);

// An expression is fine when one side of some OR, and every side of each AND, is accepted.
const fine = (expression) => {
  const plain = expression.replace(/\//g, " OR ").replace(/^\((.*)\)$/, "$1");
  return plain.split(" OR ").some((choice) =>
    choice.replace(/[()]/g, "").split(" AND ").every((licence) => accepted.has(licence.trim())));
};

const problems = [];
const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"], { encoding: "utf8", maxBuffer: 1 << 28 }));
for (const crate of metadata.packages) {
  if (!crate.license || !fine(crate.license)) problems.push(`crate ${crate.name} ${crate.version}: ${crate.license ?? "no licence"}`);
}
const locks = ["web/package-lock.json", "bench/queue/bullmq/package-lock.json"].map((path) => JSON.parse(readFileSync(path, "utf8")));
const modules = locks.flatMap(({ packages }) => Object.entries(packages).filter(([path, one]) => path && !one.link));
for (const [path, one] of modules) {
  if (one.license && !fine(String(one.license))) problems.push(`${path} ${one.version}: ${one.license}`);
}

for (const problem of problems) console.error(problem);
console.log(`licences: ${metadata.packages.length} crates, ${modules.length} npm packages, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
