// nginx in front of everything that is to be reached through it: one server, a port for each.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, ready } from "../measure.mjs";
import { serverFolder, settings, startServer } from "./stack.mjs";

/** What nginx has to know to pass requests on to an HTTP server, over connections that are kept. */
export function proxied(name, url) {
  return {
    upstream: `upstream ${name} { server ${new URL(url).host}; keepalive 64; }`,
    site: `location / {
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host:$server_port;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_buffers 16 16k;
    proxy_buffer_size 16k;
    proxy_pass http://${name};
  }`,
  };
}

/** Starts nginx for targets with a `site`; gives each its `url`, and nginx among its processes. */
export async function startNginx(targets) {
  const sites = [];
  for (const target of targets) {
    const port = await freePort();
    target.url = `http://127.0.0.1:${port}`;
    sites.push(target.upstream ?? "", `server { listen 127.0.0.1:${port} backlog=4096; ${target.site} }`);
  }
  const directory = serverFolder("nginx", (made) => {
    writeFileSync(join(made, "nginx.conf"), settings("nginx.conf", { folder: made, sites: sites.join("\n") }));
  });
  const server = startServer(directory, ["nginx", "-c", join(directory, "nginx.conf"), "-e", join(directory, "log"), "-g", "daemon off;"]);
  for (const target of targets) {
    await ready(target.url);
    target.pids = { ...target.pids, nginx: server.pid };
  }
  return server;
}
