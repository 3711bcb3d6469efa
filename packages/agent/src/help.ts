// What `agent --help` prints.
import {
  defaultChannelTimeoutSeconds,
  maxChannelTimeoutSeconds,
  maxConnections,
  minChannelTimeoutSeconds,
} from '@sallyport/protocol'

export const help = `agent connect [TARGET]     give a service on this machine a public address through your relay
agent connect NAME…        endpoints of the configuration file, by name; --all: every one
agent why [TARGET|NAME|URL] go the way of a visitor, hop by hop, and name the broken one with its fix
agent password NAME        a line for --basic-auth-file; the password comes from stdin
agent requests [status=5xx path=/hook method=POST slower=250ms header=NAME limit=N]
                           the last requests of the agent that runs
agent replay ID|last       send one again; --edit: change it first, in $EDITOR; --on-change DIR: at each
                           change below DIR. A Stripe, GitHub or Slack signature is made anew with
                           SALLYPORT_STRIPE_SECRET, …_GITHUB_… or …_SLACK_… (or …_SECRET_FILE)
agent check [NAME…]        read the settings, say all that is wrong in them, and where

TARGET: 3000, host:3000, https://host or unix:/path; without one, PORT. Anyone who knows the address can reach it.

  --url URL               what to ask for, repeatable: https://NAME[:PORT], tls://NAME[:PORT],
                          passthrough://NAME[:PORT] (by SNI: TARGET holds the key), tcp://:PORT
                          (0 = the relay picks); without one the relay assigns an https name
  -R, --remote-forward [BIND:]PORT:HOST:HOSTPORT
                          a public TCP port, as in ssh, repeatable; needs no TARGET
  --allow-from NETWORK    only visitors from there may come, repeatable; --deny-from: all others
  --certificate auto      on passthrough:// urls: this agent orders a certificate, renews it
                          and ends TLS itself, so that the relay sees no plaintext
                          (also --acme-directory, --acme-email, --acme-ca-file)
  --knock                 an unknown visitor waits until you let it in, at this terminal
  --pool NAME             share the routes with other agent keys that ask for the same pool
  --balance HOW           who of the pool gets the next visitor: round-robin (default) or
                          least-connections
  --health-check HOW      whether TARGET is asked every 2 s if it answers: tcp (default in a pool),
                          /PATH (a GET answered below 400) or off
  --proxy-protocol 1|2    tell TARGET who the visitor is, by a PROXY header
  --origin-insecure       take any certificate of an https:// TARGET; or --origin-ca FILE: PEM
                          certificates that vouch for it
  --host-header HOST      what TARGET gets as Host, or rewrite: its own; these are for https routes:
  --trusted-proxies NETWORK, --http-allow-from NETWORK, --http-deny-from NETWORK, --max-body SIZE,
  --origin-timeout S, --basic-auth-file FILE, --request-header-add 'NAME: VALUE',
  --request-header-remove NAME, and the same of --response-header
  --join -                read the join string from stdin; else SALLYPORT_JOIN, or the file
                          (0600) that SALLYPORT_JOIN_FILE names
  --channel-timeout S     how long a visitor waits until the service has accepted,
                          ${minChannelTimeoutSeconds}-${maxChannelTimeoutSeconds} s (default ${defaultChannelTimeoutSeconds}; also CHANNEL_TIMEOUT)
  --connections N         sessions side by side, 1-${maxConnections}, for lossy links (default 1)
  --no-retry              end with 5 when the relay cannot be reached
  --web-addr HOST:PORT    where requests to https routes are shown and sent again, or off (default
                          127.0.0.1:4040, or the next free port)
  --qr                    show the https address as a QR code
  --json                  events as NDJSON on stdout
  --config FILE           settings in YAML; $XDG_CONFIG_HOME/sallyport/agent.yaml
  --env-file FILE         read variables from FILE instead of .env (also ENV_FILE)
  -v, --verbose           say more; --log-level error|warn|info|debug
  --help, --version

HTTPS_PROXY (or https_proxy) is the HTTP proxy on the way to the relay, NO_PROXY who needs none.

Every flag has a variable: --channel-timeout is SALLYPORT_CHANNEL_TIMEOUT, -R is
SALLYPORT_REMOTE_FORWARD (several: separated by spaces).

Exit codes: 0 ended or drained, 1 failure, 2 usage, 3 configuration, 4 refused by the relay,
5 relay unreachable (--no-retry), 6 the relay's key is not the pinned one, 8 replaced by a newer
agent, 128+n signal before the drain had finished.
`
