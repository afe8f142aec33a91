// Writes docs/operator/configuration.md from config.default.toml, which is the documentation.
// With --check it only says whether the page is up to date.
import { readFileSync, writeFileSync } from "node:fs";

const page = "docs/operator/configuration.md";
const lines = readFileSync("config.default.toml", "utf8").split("\n");
const out = ["<!-- Written by `make docs` from config.default.toml. -->", "# Configuration", ""];
let comment = [];
let section = "";

const prose = (text) => text.join(" ").replace(/(DULY_[A-Z<>_]+(?:=\S+\d)?)/g, "`$1`");

for (const line of lines) {
  if (line.startsWith("#")) {
    comment.push(line.replace(/^# ?/, ""));
    continue;
  }
  const header = /^\[(\w+)\]$/.exec(line);
  const setting = /^(\w+) = (.*)$/.exec(line);
  if (header) {
    section = header[1];
    out.push(`## ${section}`, "", "| Setting | Default | Variable | Meaning |", "|---|---|---|---|");
  } else if (setting) {
    const [, key, value] = setting;
    const variable = `DULY_${section}__${key}`.toUpperCase();
    out.push(`| \`${key}\` | \`${value}\` | \`${variable}\` | ${comment.join(" ").replaceAll("|", "\\|")} |`);
  } else if (line === "" && comment.length > 0 && section === "") {
    for (const paragraph of comment.join("\n").split("\n\n")) out.push(prose(paragraph.split("\n")), "");
  } else if (line === "" && section !== "") {
    out.push("");
  }
  comment = [];
}
const text = `${out.join("\n").trimEnd()}\n`;

if (process.argv.includes("--check")) {
  let present = "";
  try {
    present = readFileSync(page, "utf8");
  } catch {
    // Missing counts as out of date.
  }
  if (present !== text) {
    console.error(`${page} is not what config.default.toml says; run: make docs`);
    process.exit(1);
  }
  console.log("configuration reference: up to date");
} else {
  writeFileSync(page, text);
}
