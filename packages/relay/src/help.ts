// What `relay --help` prints.

export const help = `relay: the public end of Sallyport

  relay init [--dir D] [--host NAME-OR-IP] [--listen HOST:PORT] [--tcp-ports A-B]
      Makes the TLS key, a certificate and the first agent's key in D, and prints the
      join string, once: the one line that an agent needs.
  relay [serve] [--dir D] [--listen HOST:PORT] [--host NAME-OR-IP] [--tcp-ports A-B]
      Serves until Ctrl-C, which lets running visits finish; a second one ends at once.
  relay agents add NAME [--allow LIST]     another agent; prints its join string, once
  relay agents ls                          the agents and what each may claim
  relay agents rm NAME                     takes its key away; its sessions end
  relay status                             visitors, agents, routes of a running relay
  relay check                              reads the configuration and says what is wrong

  --dir D             where the relay keeps its state; $XDG_STATE_HOME/sallyport
  --config FILE       settings in YAML; D/relay.yaml where there is one
  --host NAME-OR-IP   at which agents and visitors reach this machine
  --listen HOST:PORT  :443; without HOST on every address
  --tcp-ports A-B     public TCP ports that agents may lease; none
  --allow LIST        app.example.com,*.dev.example.com,tcp:2222,tcp:2000-2100,pool:blue;
                      * is everything, and what an agent gets without the flag
  --insecure-no-auth  let everybody join, on a loopback address only
  --http HOST:PORT    plain HTTP, sent on to https; port 80 beside port 443; or off
  --admin HOST:PORT   /metrics, /health and /status, on a loopback address; off
  --heartbeat         touch D/alive, and D/active while somebody is there; for a timer
  --organization NAME, --email-address ADDRESS
                      in the certificate that init makes; the host, none
  --acme-directory NAME-OR-URL
                      letsencrypt, staging, or a URL: certificates that are ordered and
                      renewed by themselves (also --acme-email, --acme-ca-file,
                      --acme-challenges, --acme-profile: docs/configuration.md); off
  --cert-file FILE    the certificate for visitors (PEM), with --key-file FILE; read
                      again when it changes; a self-signed one
  --access-log FILE   one line of JSON for every visit that is over; off
  --json              events on stdout, one JSON object a line
  --log-level LEVEL   error, warn, info (default) or debug; -v is debug
  --env-file FILE     variables from FILE instead of .env

Each flag has a variable: --tcp-ports is SALLYPORT_TCP_PORTS.
`
