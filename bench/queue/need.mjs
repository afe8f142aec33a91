// Makes sure that a peer is there, as scripts/need does for all else.
import { execFileSync } from "node:child_process";

/** Installs a tool when it may; otherwise throws what to do. */
export function need(...tools) {
  try {
    execFileSync("scripts/need", tools, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const [, ...missing] = error.stderr.trim().split(/\s*\n\s*/);
    throw new Error(missing.join("; "));
  }
}
