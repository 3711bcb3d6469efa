// The agent's configuration file as a schema: names, forms, and what docs/configuration.md and
// editors say of them. Checked by the same parsers as flags and variables.
import { parseAcmeDirectory, parseEmailAddress } from '@sallyport/acme'
import {
  maxChannelTimeoutSeconds,
  maxConnections,
  minChannelTimeoutSeconds,
  parseBalance,
  parseJoinString,
  parseListenAddress,
  parseNetwork,
  parsePoolName,
  parseRouteUrl,
  parseTarget,
} from '@sallyport/protocol'
import { choice, text, textOrNumber, texts, wholeNumber, yesNo } from '@sallyport/settings'
import { z } from 'zod'
import { endpointHttpFields, httpFields } from './http-fields.ts'
import { parseCertificate } from './certificates/certificate-options.ts'
import { logLevels } from './log-level.ts'
import { parseOriginCheck } from './origin-checks.ts'
import { parseProxyProtocol } from './origin-preamble.ts'

/** What an endpoint may be called: no TARGET has this form, a port being digits only. */
export const endpointNamePattern = /^[A-Za-z][\w-]{0,62}$/

const endpoint = z.strictObject(
  {
    target: textOrNumber(parseTarget).meta({
      description: 'What visitors reach: as TARGET of `agent connect`',
    }),
    url: texts(parseRouteUrl).optional().meta({
      description: 'One url or a list, as `--url`',
      standard: 'an https name that the relay assigns, for one endpoint',
    }),
    allow_from: texts(parseNetwork).optional().meta({
      standard: 'that of `--allow-from`',
      description: 'One network or a list, as `--allow-from`',
    }),
    deny_from: texts(parseNetwork).optional().meta({
      standard: 'that of `--deny-from`',
      description: 'One network or a list, as `--deny-from`',
    }),
    knock: yesNo().optional().meta({ standard: 'that of `--knock`', description: 'As `--knock`' }),
    pool: text(parsePoolName).optional().meta({
      standard: 'that of `--pool`',
      description: 'As `--pool`',
    }),
    balance: text(parseBalance).optional().meta({
      standard: 'that of `--balance`',
      description: 'As `--balance`; needs a pool, of its own or of `--pool`',
    }),
    health_check: text(parseOriginCheck).optional().meta({
      standard: 'that of `--health-check`; else tcp in a pool, else off',
      description: 'As `--health-check`',
    }),
    ...endpointHttpFields,
  },
  { error: 'an endpoint: target, and url if the relay is not to assign one' },
)

export const agentSettingsSchema = z.strictObject({
  join: text((value, where) => parseJoinString(value, where))
    .optional()
    .meta({
      description: 'The join string. The file must then have mode 0600; `join_file` is better',
    }),
  join_file: z.string({ error: 'the path of a file' }).min(1).optional().meta({
    description: 'A file (0600) that holds the join string; from the directory of this file',
  }),
  channel_timeout: wholeNumber(minChannelTimeoutSeconds, maxChannelTimeoutSeconds).optional().meta({
    flag: '--channel-timeout S',
    standard: '100',
    description:
      'How long a visitor waits until an origin has accepted, in seconds; 1 to 1000. See Timeouts',
  }),
  connections: wholeNumber(1, maxConnections).optional().meta({
    flag: '--connections N',
    standard: '1',
    description: 'Sessions side by side, 1 to 8, for lossy links; a stream stays on one',
  }),
  no_retry: yesNo().optional().meta({
    flag: '--no-retry',
    standard: 'off',
    description: 'One attempt; exit 5 when the relay does not answer',
  }),
  knock: yesNo().optional().meta({
    flag: '--knock',
    standard: 'off',
    description:
      'Unknown visitors wait until somebody lets them in: see [Knocking](#knocking). For every route',
  }),
  pool: text(parsePoolName).optional().meta({
    flag: '--pool NAME',
    description: 'Shares the routes with other keys that ask for the same pool',
  }),
  balance: text(parseBalance).optional().meta({
    flag: '--balance HOW',
    standard: 'round-robin',
    description: 'Who of the pool gets the next visitor: round-robin or least-connections',
  }),
  health_check: text(parseOriginCheck).optional().meta({
    flag: '--health-check HOW',
    standard: 'tcp in a pool, else off',
    description:
      'Whether the target is asked every 2 s if it answers: tcp (a dial), /PATH (a GET answered below 400) or off. While it does not, other members of the pool get its visitors',
  }),
  proxy_protocol: textOrNumber(parseProxyProtocol).optional().meta({
    flag: '--proxy-protocol N',
    standard: 'off',
    description: 'Tells the target who the visitor is, by a PROXY header of version 1 or 2',
  }),
  origin_insecure: yesNo().optional().meta({
    flag: '--origin-insecure',
    standard: 'off',
    description: 'Takes any certificate of an `https://` target',
  }),
  origin_ca: z.string({ error: 'the path of a file' }).min(1).optional().meta({
    flag: '--origin-ca FILE',
    standard: "the system's authorities",
    description: 'PEM certificates that vouch for an `https://` target',
  }),
  ...httpFields,
  certificate: text(parseCertificate)
    .optional()
    .meta({
      flag: '--certificate auto',
      standard: 'off',
      description:
        'Visitors of `passthrough://` routes speak TLS with this agent, by a certificate that it orders ' +
        'and renews, and whose key stays here; their HTTP is handled as on https routes',
    }),
  acme_directory: text(parseAcmeDirectory)
    .optional()
    .meta({
      flag: '--acme-directory NAME-OR-URL',
      standard: 'letsencrypt',
      description:
        'Who certifies: `letsencrypt`, `staging` (its test authority), or the URL of another one. By ' +
        '`--certificate auto` you agree to its terms',
    }),
  acme_email: text(parseEmailAddress).optional().meta({
    flag: '--acme-email ADDRESS',
    standard: 'none',
    description: 'Where the authority may write to',
  }),
  acme_ca_file: z.string({ error: 'the path of a file' }).min(1).optional().meta({
    flag: '--acme-ca-file FILE',
    standard: "the system's authorities",
    description: "Who issued the authority's own certificate, in PEM",
  }),
  web_addr: text((value, where, code) => value === 'off' || parseListenAddress(value, where, code))
    .optional()
    .meta({
      flag: '--web-addr HOST:PORT',
      standard: '127.0.0.1:4040 or the next free, with https routes',
      description: 'Where the [inspector](inspector.md) listens, or off',
    }),
  json: yesNo().optional().meta({
    flag: '--json',
    standard: 'off',
    description: 'NDJSON events on stdout, each with `"v":1` and `"event"`: see below',
  }),
  qr: yesNo().optional().meta({
    flag: '--qr',
    standard: 'off',
    description: 'Shows the first https address as a QR code on stderr',
  }),
  log_level: choice(logLevels).optional().meta({
    flag: '--log-level LEVEL',
    standard: 'info',
    description: 'What stderr tells: error, warn, info or debug (`-v`)',
  }),
  endpoints: z
    .record(
      z.string().regex(endpointNamePattern, {
        error: 'names of letters, digits, - and _, with a letter first',
      }),
      endpoint,
      { error: 'names of endpoints, each with its target' },
    )
    .optional()
    .meta({
      description:
        'What `agent connect NAME…` and `agent connect --all` publish, by a name of your own',
    }),
})

export type AgentFileSettings = z.output<typeof agentSettingsSchema>
