import { userInfo } from "node:os";

/** Options of {@link nginxConfig}. */
export interface NginxOptions {
  /** Holds the cache and everything else that nginx writes; has a directory `temp`. */
  readonly directory: string;
  readonly port: number;
  /** `host:port` of what is cached. */
  readonly upstream: string;
  /** Whether blobs are fetched and stored in pieces. */
  readonly sliced: boolean;
}

/**
 * An nginx that caches a registry as its manual advises for large files: one request at a time fills an entry, the others
 * wait for it without a limit, a client that leaves does not end the fill, and tags are believed as long as the
 * service believes them.
 */
export function nginxConfig({ directory, port, upstream, sliced }: NginxOptions): string {
  const key = sliced ? "$uri$slice_range" : "$uri";
  const slices = sliced ? "slice 16m; proxy_set_header Range $slice_range;" : "";
  // Its workers would otherwise be of a user who may not read the directory.
  const user = userInfo().uid === 0 ? "user root;" : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/temp/${kind};`)
    .join("\n  ");
  return `
daemon off;
worker_processes auto;
pid ${directory}/nginx.pid;
${user}
events {}
http {
  access_log off;
  sendfile on;
  ${temporary}
  proxy_cache_path ${directory}/cache levels=1:2 keys_zone=images:16m inactive=30d use_temp_path=off;
  upstream registry { server ${upstream}; keepalive 16; }
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_cache images;
    proxy_cache_lock on;
    proxy_cache_lock_timeout 1h;
    proxy_cache_lock_age 1h;
    proxy_ignore_client_abort on;
    location / { return 404; }
    location /v2/ {
      proxy_cache_key $uri;
      proxy_cache_valid 200 60s;
      proxy_pass http://registry;
    }
    location ~ /blobs/ {
      ${slices}
      proxy_cache_key ${key};
      proxy_cache_valid 200 206 30d;
      proxy_pass http://registry;
    }
  }
}
`;
}
