// Laravel as one would run it: php-fpm behind nginx, MariaDB and Redis. Each form of it is an application
// of its own, with a php-fpm, a database and keys of its own, so that all forms can be measured in turn
// without a restart.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseServer, folder, redis, start } from "../measure.mjs";

const SOURCE = "bench/laravel";
/** What the settings in application/config make of these, README.md says. */
const FORMS = {
  own: { TUNED: false, CACHED: "lists" },
  lists: { TUNED: true, CACHED: "lists" },
  pages: { TUNED: true, CACHED: "pages" },
};

// Servers have no use for root's rights: where we have them, they run as nobody, as those of scripts/databases do.
const AS_SERVER = process.getuid() === 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] : [];

/** Makes a folder that servers may write into, with everything that is put there by `fill`. */
export function serverFolder(name, fill) {
  const directory = join(folder, name);
  mkdirSync(directory);
  fill(directory);
  if (AS_SERVER.length > 0) execFileSync("chown", ["-R", "nobody:nogroup", directory]);
  return directory;
}

/** Starts a server with an ordinary user's rights. */
export function startServer(directory, [command, ...args], env = {}) {
  const [first, ...rest] = [...AS_SERVER, command, ...args];
  return start(first, rest, { PATH: `${process.env.PATH}:/usr/sbin`, ...env }, directory);
}

/** A file of `conf`, with {words} replaced. */
export function settings(name, words) {
  const text = readFileSync(join(SOURCE, "conf", name), "utf8");
  return Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(`{${word}}`, value), text);
}

/** Debian names php-fpm after PHP's version. */
function phpFpm() {
  const version = execFileSync("php", ["-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;"], { encoding: "utf8" });
  return `/usr/sbin/php-fpm${version}`;
}

/** Lays a copy of the application into a folder, with its settings; answers where it is. */
export function layApplication(directory, environment) {
  const application = join(directory, "application");
  cpSync(join(SOURCE, "application"), application, { recursive: true });
  for (const made of ["bootstrap/cache", "storage/framework/views", "storage/logs"]) mkdirSync(join(application, made), { recursive: true });
  const key = `base64:${randomBytes(32).toString("base64")}`;
  const all = { APP_URL: "http://127.0.0.1", APP_KEY: key, ...environment };
  writeFileSync(join(application, ".env"), Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join(""));
  return application;
}

function prepare(form, database, cache) {
  return serverFolder(`laravel-${form}`, (directory) => {
    const environment = {
      DB_PORT: database.port,
      DB_DATABASE: database.pathname.slice(1),
      DB_USERNAME: database.username,
      DB_PASSWORD: database.password,
      REDIS_PORT: cache.port,
      REDIS_PREFIX: `${form}_`,
      ...FORMS[form],
    };
    const application = layApplication(directory, environment);
    mkdirSync(join(directory, "ini"));
    const preload = FORMS[form].TUNED ? `opcache.preload = ${application}/bootstrap/preload.php\n` : "";
    writeFileSync(join(directory, "ini", "bench.ini"), settings("php.ini", {}) + preload);
    writeFileSync(join(directory, "php-fpm.conf"), settings("php-fpm.conf", { folder: directory }));
  });
}

async function startForm(form, database, cache, users, tasks) {
  const directory = prepare(form, new URL(database), cache);
  const application = join(directory, "application");
  const people = join(directory, "people");
  // The empty word stands for the folders of the packages.
  const env = { PHP_INI_SCAN_DIR: `:${join(directory, "ini")}` };
  const php = (...args) => {
    const [first, ...rest] = [...AS_SERVER, "php", ...args];
    execFileSync(first, rest, { cwd: application, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
  };
  php("bootstrap/build-class-map.php");
  php("artisan", "config:cache");
  php("artisan", "route:cache");
  php("artisan", "migrate", "--force");
  php("artisan", "bench:seed", String(users), String(tasks), people);
  if (FORMS[form].TUNED) php("bootstrap/build-preload-list.php", readFileSync(people, "utf8").split(" ", 1)[0]);
  const server = startServer(directory, [phpFpm(), "--nodaemonize", "--fpm-config", join(directory, "php-fpm.conf")], env);
  const socket = join(directory, "socket");
  while (!existsSync(socket)) {
    if (server.exitCode !== null) throw new Error(`php-fpm has ended: ${readFileSync(join(directory, "php-fpm.log"), "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { side: "laravel", people, process: server, site: fastcgi(application, socket) };
}

function fastcgi(application, socket) {
  // No connections to php-fpm are kept: an idle one would hold one of the few children, while other
  // clients wait for seconds.
  return `location / {
    include /etc/nginx/fastcgi_params;
    fastcgi_param HTTP_HOST $host:$server_port;
    fastcgi_param SCRIPT_FILENAME ${application}/public/index.php;
    fastcgi_param SCRIPT_NAME /index.php;
    fastcgi_buffers 16 16k;
    fastcgi_buffer_size 16k;
    fastcgi_pass unix:${socket};
  }`;
}

/** Starts every form; answers them by name, with what nginx has to know of each, and their servers. */
export async function startLaravel(users, tasks) {
  // Laravel needs no binary log, so it does not pay for one.
  const database = databaseServer({ kind: "mysql", name: "mariadb-of-laravel", options: ["--without-replicas", "--without-binlog"] });
  const cache = await redis();
  const forms = {};
  for (const form of Object.keys(FORMS)) {
    const running = await startForm(form, database.database(`laravel_${form}`), cache, users, tasks);
    forms[form] = { ...running, pids: { "php-fpm": running.process.pid, MariaDB: database.pids[0], Redis: cache.server.pid } };
  }
  return { forms, cache };
}
