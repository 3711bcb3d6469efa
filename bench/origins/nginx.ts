// nginx as the HTTP origin: one worker, 200 bytes at `/`, a large file of zeros beside it.

/** A download that no kernel buffer swallows. */
export const largeFile = 'large.bin'
export const largeFileBytes = 100 * 1024 * 1024

/** Length of the answer to `GET /`. */
export const smallBodyBytes = 200

export interface NginxOptions {
  /** Where it may write. */
  readonly directory: string
  readonly webRoot: string
  readonly host: string
  readonly port: number
  /** Started by root it would give its worker to `nobody`, who cannot read our directory. */
  readonly asRoot: boolean
}

export function nginxConfig({ directory, webRoot, host, port, asRoot }: NginxOptions): string {
  return `
${asRoot ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 16000; }
http {
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nodelay on;
  # Idle visitors stay as long as a measurement does, whatever they asked before.
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    # Visitors who stall must not fill the machine's TCP memory from this end: 200 x 256 KiB.
    listen ${host}:${port} backlog=4096 sndbuf=256k;
    location = / { return 200 "${'x'.repeat(smallBodyBytes)}"; }
    location / { root ${webRoot}; }
  }
}
`
}
