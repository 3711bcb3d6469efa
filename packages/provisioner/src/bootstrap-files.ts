// The files that user-data puts on the instance: the script that fetches Node, and the systemd units.
// Texts only; user-data.ts packs them.
import type { NodeRelease } from './node-release.ts'

/** Fetches until a binary with the pinned hash is there: a bad mirror only costs time, and the
 * unclaimed instance ends itself if none is good. */
export function fetchNodeScript(release: NodeRelease): string {
  return `#!/bin/sh
# Fetches the pinned Node to /opt/sallyport/node; any mirror will do, the hash decides.
set -u
root="\${SALLYPORT_ROOT:-}"
target="$root/opt/sallyport/node"
case "$(uname -m)" in
  x86_64) arch=x64 hash=${release.sha256.x86_64} ;;
  aarch64) arch=arm64 hash=${release.sha256.aarch64} ;;
  *) echo "no Node is pinned for $(uname -m)" >&2; exit 1 ;;
esac
good() { echo "$hash  $1" | sha256sum -c - >/dev/null 2>&1; }
try=0
until good "$target"; do
  for url in ${release.mirrors.map((url) => `'${url}'`).join(' ')}; do
    url=$(echo "$url" | sed "s/{arch}/$arch/g")
    curl -fsSL --connect-timeout 10 --max-time 300 "$url" | tar -xzO --wildcards '*/bin/node' >"$target.new"
    if good "$target.new"; then chmod 755 "$target.new"; mv "$target.new" "$target"; break; fi
    echo "not the pinned Node: $url" >&2
  done
  good "$target" && break
  try=$((try + 1))
  [ "$try" -lt "\${SALLYPORT_FETCH_TRIES:-60}" ] || exit 1
  sleep "\${SALLYPORT_FETCH_PAUSE:-5}"
done
rm -f "$target.new"
`
}

/** Where a router on a visitor's way drops what is too big and the ICMP that says so, TCP finds a
 * smaller size by itself instead of standing still (RFC 4821; 1 = once it suspects that). */
export const networkSettings = 'net.ipv4.tcp_mtu_probing = 1\n'

export const stage0Unit = `[Unit]
Description=Sallyport, waiting to be claimed
After=network-online.target
Wants=network-online.target
ConditionPathExists=!/var/lib/sallyport/claimed

[Service]
ExecStart=/opt/sallyport/node /opt/sallyport/stage0.mjs
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`

/** The state directory of the relay: systemd gives it to the user that it makes for the service. */
export const relayDirectory = 'var/lib/sallyport-relay'

/** Minutes without a beat (one every 15 s) after which a relay counts as stuck. */
const stuckMinutes = 2

/**
 * What root looks at once a minute. Only the times of the relay's two files count, never what it may
 * have written into them; `find` follows no link that stands in their place.
 */
export function watchScript(idleMinutes: number | undefined): string {
  const idle = `! old active ${idleMinutes ?? 0} || systemctl poweroff\n`
  return `#!/bin/sh
root="\${SALLYPORT_ROOT:-}"
[ -e "$root/var/lib/sallyport/claimed" ] || exit 0
old() { [ -n "$(find "$root/${relayDirectory}/$1" -mmin "+$2" 2>/dev/null)" ]; }
! old alive ${stuckMinutes} || systemctl restart --no-block sallyport-relay.service
${idleMinutes === undefined ? '' : idle}`
}

/** The relay may bind the public ports and write its own directory, and nothing else. */
export function relayUnit(port: number, deployKey: string): string {
  const launch = `/opt/sallyport/launch.mjs ${deployKey}`
  return `[Unit]
Description=Sallyport relay
After=network-online.target
Wants=network-online.target
ConditionPathExists=/var/lib/sallyport/claimed
StartLimitIntervalSec=0

[Service]
ExecStart=/opt/sallyport/node ${launch} serve --dir /${relayDirectory} --listen :${port} --heartbeat
Restart=always
RestartSec=1
TimeoutStopSec=45
DynamicUser=yes
StateDirectory=sallyport-relay
StateDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
PrivateDevices=yes
PrivateTmp=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
IPAddressDeny=169.254.169.254/32
MemoryMax=80%
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}
