// The relay's configuration file as a schema: names, forms, and what docs/configuration.md and
// editors say of them. Checked by the same parsers as flags and variables.
import { choice, text, textOrNumber, wholeNumber, yesNo } from '@sallyport/settings'
import { z } from 'zod'
import {
  maxCertificateFiles,
  maxParkedPerAddress,
  maxParkedPerRoute,
  maxPerAddress,
  maxUndecided,
  maxUnprovenPerAddress,
  mostOfALimit,
  newPerSecondOfAddress,
} from './limits.ts'
import { logLevels, settingsTable } from './settings.ts'

const limit = () => wholeNumber(1, mostOfALimit).optional()

const limits = z
  .strictObject(
    {
      parked_per_route: limit().meta({
        standard: String(maxParkedPerRoute),
        description: 'Visitors who wait for one route while its agent is away',
      }),
      parked_per_address: limit().meta({
        standard: String(maxParkedPerAddress),
        description: 'Visitors who wait from one address; the loopback is exempt',
      }),
      connections_per_address: limit().meta({
        standard: String(maxPerAddress),
        description: 'Sockets of one address (IPv6: of one /64), visitors and agents',
      }),
      new_per_second_and_address: limit().meta({
        standard: String(newPerSecondOfAddress),
        description: 'New sockets of one address in a second; twice as many at once',
      }),
      unproven_agents_per_address: limit().meta({
        standard: String(maxUnprovenPerAddress),
        description: 'Callers of one address who say they are agents and have not proved it',
      }),
      handshakes: limit().meta({
        standard: `${maxUndecided}, or a quarter of the descriptors`,
        description:
          'Callers who are not yet routed or authenticated; one more sends the oldest away',
      }),
      visitors: limit().meta({
        standard: 'five eighths of the descriptors',
        description:
          'Visitors at once; above it only agents come in, for whom an eighth of the descriptors ' +
          'is kept back',
      }),
      visitors_per_route: limit().meta({
        standard: 'as `limits.visitors`',
        description: 'Visitors at once at one route: served, or waiting for its agent',
      }),
      visitors_per_agent: limit().meta({
        standard: 'as `limits.visitors`',
        description:
          "Visitors at once with one agent's key, over all its routes and sessions; other members of " +
          'a pool get those above it',
      }),
      loopback_exempt: yesNo().optional().meta({
        standard: 'true',
        description:
          'The loopback has no limits of its own: all who come through a proxy there share it',
      }),
    },
    { error: 'names of limits with whole numbers' },
  )
  .optional()
  .meta({ description: 'How much the relay takes; changed while it runs' })

export const relaySettingsSchema = z.strictObject({
  host: text(settingsTable.host.parse).optional().meta({
    flag: '--host NAME-OR-IP',
    standard: 'the host of `--listen`; `localhost` when that is every interface',
    description: 'The name or address in the join string and in public urls',
  }),
  listen: textOrNumber(settingsTable.listen.parse)
    .optional()
    .meta({
      flag: '--listen HOST:PORT',
      standard: '`:443`',
      description:
        'Where visitors and agents arrive. `:PORT` is every interface; port 0 lets the system pick ' +
        '(not for `init`: the port stands in the join string)',
    }),
  tcp_ports: textOrNumber(settingsTable.tcpPorts.parse).optional().meta({
    flag: '--tcp-ports A-B',
    standard: 'none',
    description: 'The public TCP ports that agents may lease; A-A is one port',
  }),
  admin: text(settingsTable.admin.parse)
    .optional()
    .meta({
      flag: '--admin HOST:PORT',
      standard: 'off',
      description:
        '`/metrics` for Prometheus, `/health` (200, or 503 while draining) and `/status` in JSON, ' +
        'read-only, on a loopback address',
    }),
  access_log: text(settingsTable.accessLog.parse).optional().meta({
    flag: '--access-log FILE',
    standard: 'off',
    description:
      'One line of JSON for every visit that is over or was denied; 0600, opened anew by SIGHUP',
  }),
  http: text(settingsTable.http.parse)
    .optional()
    .meta({
      flag: '--http HOST:PORT',
      standard: "port 80 when `--listen`'s port is 443, else off",
      description:
        'Plain HTTP: 301 to https for hosts that somebody serves, 404 for others; or off. Where ' +
        'port 80 was not asked for and cannot be had, the relay says so and does without',
    }),
  heartbeat: yesNo()
    .optional()
    .meta({
      flag: '--heartbeat',
      standard: 'off',
      description:
        'Every 15 s touch `alive` in the state directory, and `active` while agents or visitors are ' +
        'there, for a timer that starts a stuck relay again or ends a machine that nobody uses',
    }),
  cert_file: text(settingsTable.certFile.parse)
    .optional()
    .meta({
      flag: '--cert-file FILE',
      standard: "the relay's own, self-signed",
      description:
        'The certificate that visitors get, in PEM, with what leads to its authority; read again ' +
        'when it changes. Also `CERT_FILE`. Agents go on seeing the pinned key',
    }),
  key_file: text(settingsTable.keyFile.parse).optional().meta({
    flag: '--key-file FILE',
    standard: '–',
    description: 'Its private key, in PEM without a passphrase. Also `KEY_FILE`',
  }),
  certificates: z
    .array(
      z.strictObject(
        {
          cert_file: text(settingsTable.certFile.parse),
          key_file: text(settingsTable.keyFile.parse),
        },
        { error: 'cert_file and key_file' },
      ),
      { error: 'a list of cert_file and key_file' },
    )
    .max(maxCertificateFiles, { error: `at most ${maxCertificateFiles} pairs` })
    .optional()
    .meta({
      standard: 'none',
      description:
        'Further pairs of `cert_file` and `key_file`: visitors get the one that names what they ask for',
    }),
  acme: z
    .strictObject(
      {
        directory: text(settingsTable.acmeDirectory.parse)
          .optional()
          .meta({
            flag: '--acme-directory NAME-OR-URL',
            standard: 'off',
            description:
              'The authority that certifies the relay and the names of https and tls routes: ' +
              '`letsencrypt`, `staging` (its test authority), or the URL of another one. By setting ' +
              'it you agree to its terms',
          }),
        email: text(settingsTable.acmeEmail.parse).optional().meta({
          flag: '--acme-email ADDRESS',
          standard: 'none',
          description: 'Where the authority may write to',
        }),
        ca_file: text(settingsTable.acmeCaFile.parse).optional().meta({
          flag: '--acme-ca-file FILE',
          standard: 'whom the system trusts',
          description: "Who issued the authority's own certificate, in PEM",
        }),
        challenges: text(settingsTable.acmeChallenges.parse)
          .optional()
          .meta({
            flag: '--acme-challenges LIST',
            standard: '`tls-alpn-01,http-01`',
            description:
              'How the authority may see that a name is ours: on port 443, on port 80 (where plain ' +
              'HTTP is served); after a failure the next one is tried',
          }),
        profile: text(settingsTable.acmeProfile.parse).optional().meta({
          flag: '--acme-profile NAME',
          standard: "`shortlived` for an address, else the authority's",
          description: 'Which of its kinds of certificates the authority is asked for',
        }),
      },
      { error: 'directory, email, ca_file, challenges, profile' },
    )
    .optional()
    .meta({ description: 'Certificates that look after themselves (RFC 8555)' }),
  insecure_no_auth: yesNo().optional().meta({
    flag: '--insecure-no-auth',
    standard: 'off',
    description: 'Start without any agent key; on a loopback address only',
  }),
  allow: text(settingsTable.allow.parse)
    .optional()
    .meta({
      flag: '--allow LIST',
      standard: 'everything',
      description:
        'What an agent may claim (`agents add`): ' +
        '`app.example.com,*.dev.example.com,tcp:2222,tcp:2000-2100,pool:blue,*`',
    }),
  json: yesNo().optional().meta({
    flag: '--json',
    standard: 'off',
    description: 'NDJSON events on stdout, each with `"v":1` and `"event"`',
  }),
  log_level: choice(logLevels).optional().meta({
    flag: '--log-level LEVEL',
    standard: 'info',
    description: 'What stderr tells: error, warn, info or debug (`-v`)',
  }),
  limits,
})

export type RelayFileSettings = z.output<typeof relaySettingsSchema>
