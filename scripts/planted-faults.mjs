// Plants one fault after the other and demands that the tests which are named for it see it:
// `make faults`, or some of them: `node scripts/planted-faults.mjs no-fence no-renewal`. With `--check` it is only
// looked at whether each fault can still be planted. A test that never fails proves nothing.
//
// A fault is a patch in scripts/faults. Its head says what is wrong then (`Fault:`) and which tests must be red
// (`Test: <test program> <test>`, as many lines as there are tests). It is planted in a copy of the tree, which
// keeps what was built for the next one.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FAULTS = "scripts/faults";
const place = resolve(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "faults");
const copy = join(place, "tree");
/** Whoever takes longer has got stuck: tests that wait give up by themselves before that. In milliseconds. */
const PATIENCE = 1_200_000;

/** Every fault there is, by its name. */
export function faults() {
  return readdirSync(join(root, FAULTS)).filter((file) => file.endsWith(".patch")).map((file) => {
    const path = join(root, FAULTS, file);
    const head = readFileSync(path, "utf8").split("\ndiff --git ")[0];
    const lines = (word) => [...head.matchAll(new RegExp(`^${word}: (.+)$`, "gm"))].map(([, rest]) => rest);
    const tests = lines("Test").map((line) => line.split(" "));
    return { name: file.replace(/\.patch$/, ""), path, says: lines("Fault").join(" "), tests };
  });
}

/** Why a fault cannot be planted in the tree in that folder; undefined when it can. */
export function refusal(fault, folder = root) {
  if (!fault.says || fault.tests.length === 0) return "its head names no fault or no test";
  if (fault.tests.some((words) => words.length !== 2)) return "a test is named by its program and its name";
  const { status, stderr } = apply(folder, "--check", fault.path);
  return status === 0 ? undefined : stderr.trim();
}

function apply(folder, ...args) {
  // Below a repository paths would be those of the repository, and those outside of it skipped in silence.
  const env = folder === root ? process.env : { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
  return spawnSync("git", ["apply", ...args], { cwd: folder, encoding: "utf8", env });
}

/** Makes the copy what the tree is; a file that is so already keeps its time, so that it is not built again. */
function restore() {
  const list = (...what) => execFileSync("git", ["ls-files", "-z", ...what], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 }).split("\0");
  const files = list("--cached", "--others", "--exclude-standard").filter((file) => file && existsSync(join(root, file)));
  const wanted = new Set(files);
  const before = existsSync(copy) ? readdirSync(copy, { recursive: true, withFileTypes: true }) : [];
  for (const entry of before.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (!wanted.has(path.slice(copy.length + 1))) rmSync(path);
  }
  for (const file of files) {
    const [from, to] = [readFileSync(join(root, file)), join(copy, file)];
    if (existsSync(to) && readFileSync(to).equals(from)) continue;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, from);
  }
}

function cargo(...args) {
  const env = { ...process.env, CARGO_TARGET_DIR: join(place, "build") };
  return spawnSync(process.env.CARGO ?? "cargo", args, { cwd: copy, env, encoding: "utf8", maxBuffer: 1 << 28, timeout: PATIENCE });
}

/** Which of the tests are green and which are red; an error when one is not there or nothing can be built. */
function outcomes(tests) {
  const found = { green: [], red: [] };
  for (const program of new Set(tests.map(([name]) => name))) {
    const select = ["test", "--workspace", "--all-features", "--locked", "--test", program];
    const build = cargo(...select, "--no-run");
    if (build.status !== 0) throw new Error(`it does not build:\n${build.stderr}`);
    for (const [, test] of tests.filter(([name]) => name === program)) {
      const { stdout, status } = cargo(...select, "--", "--exact", test);
      const word = new RegExp(`^test ${test}( - should panic)? \\.\\.\\. (ok|FAILED)$`, "m").exec(stdout)?.[2];
      if (!word || (word === "ok") !== (status === 0)) throw new Error(`${program} ${test} was not run:\n${stdout}`);
      found[word === "ok" ? "green" : "red"].push(`${program} ${test}`);
    }
  }
  return found;
}

function plant(fault) {
  restore();
  const { status, stderr } = apply(copy, fault.path);
  if (status !== 0) throw new Error(stderr.trim());
  const { green } = outcomes(fault.tests);
  if (green.length > 0) throw new Error(`not seen by ${green.join(", ")}`);
}

function main(names) {
  const all = faults();
  const unknown = names.filter((name) => name !== "--check" && !all.some((fault) => fault.name === name));
  if (unknown.length > 0) throw new Error(`there is no fault ${unknown.join(", ")}`);
  const chosen = all.filter((fault) => names.every((name) => name === "--check") || names.includes(fault.name));
  const problems = [];
  const report = (fault, begun, problem) => {
    const seconds = ((performance.now() - begun) / 1000).toFixed(0).padStart(4);
    console.log(`${fault.name.padEnd(20)} ${seconds} s  ${problem ? `PROBLEM: ${problem}` : "seen"}`);
    if (problem) problems.push(fault.name);
  };
  for (const fault of chosen) {
    const problem = refusal(fault);
    if (problem) throw new Error(`${fault.name} cannot be planted any more: ${problem}`);
  }
  if (names.includes("--check")) return console.log(`faults: ${chosen.length} can be planted`);
  restore();
  // Red proves nothing where it is red anyway.
  const { red } = outcomes([...new Map(chosen.flatMap((fault) => fault.tests).map((test) => [test.join(" "), test])).values()]);
  if (red.length > 0) throw new Error(`without any fault, these are red: ${red.join(", ")}`);
  for (const fault of chosen) {
    const begun = performance.now();
    try {
      plant(fault);
      report(fault, begun);
    } catch (error) {
      report(fault, begun, error.message);
    }
  }
  console.log(`faults: ${chosen.length - problems.length} of ${chosen.length} are seen`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
