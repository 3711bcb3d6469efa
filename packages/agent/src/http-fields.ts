// The settings of HTTP in the configuration file: for all endpoints, and again for each.
import { parseNetwork, parseTarget } from '@sallyport/protocol'
import { text, textOrNumber, texts } from '@sallyport/settings'
import { z } from 'zod'
import { parseHeaderRules } from './http/index.ts'
import { parseByteSize, parseHostHeader, parseOriginTimeout } from './http-values.ts'

const addedField = (value: string, where: string): unknown =>
  parseHeaderRules({ add: [value] }, where)
const removedField = (value: string, where: string): unknown =>
  parseHeaderRules({ remove: [value] }, where)

/** With its flag, or, for one endpoint, in the place of what the flag says. */
function fieldsOf(isOfEndpoint: boolean) {
  function field<S extends z.ZodType>(
    schema: S,
    flag: string,
    standard: string,
    description: string,
  ): z.ZodOptional<S> {
    const [name = ''] = flag.split(' ')
    return schema
      .optional()
      .meta(
        isOfEndpoint
          ? { standard: `that of \`${name}\``, description: `As \`${name}\`` }
          : { flag, standard, description },
      )
  }
  return {
    host_header: field(
      text(parseHostHeader),
      '--host-header HOST',
      'what the visitor sent',
      "What the target gets as Host; `rewrite`: the target's own",
    ),
    trusted_proxies: field(
      texts(parseNetwork),
      '--trusted-proxies NETWORK',
      'nobody',
      'Who may say in X-Forwarded-For for whom it asks: proxies before the relay',
    ),
    http_allow_from: field(
      texts(parseNetwork),
      '--http-allow-from NETWORK',
      'everybody',
      'As `--allow-from`, but answered with 403, and behind trusted proxies by the address that they say',
    ),
    http_deny_from: field(
      texts(parseNetwork),
      '--http-deny-from NETWORK',
      'nobody',
      'Whom `--http-allow-from` leaves out again',
    ),
    basic_auth_file: field(
      z.string({ error: 'the path of a file' }).min(1),
      '--basic-auth-file FILE',
      'off',
      'Visitors must give a name and password of this file: lines that `agent password NAME` makes. In the file: from its directory',
    ),
    request_header_add: field(
      texts(addedField),
      "--request-header-add 'NAME: VALUE'",
      '–',
      'Added to every request',
    ),
    request_header_remove: field(
      texts(removedField),
      '--request-header-remove NAME',
      '–',
      'Taken out of every request',
    ),
    response_header_add: field(
      texts(addedField),
      "--response-header-add 'NAME: VALUE'",
      '–',
      'Added to every answer',
    ),
    response_header_remove: field(
      texts(removedField),
      '--response-header-remove NAME',
      '–',
      'Taken out of every answer',
    ),
    max_body: field(
      textOrNumber(parseByteSize),
      '--max-body SIZE',
      'no limit',
      'Largest body of a request: `10MB`, `512KiB` or bytes; a larger one is answered with 413',
    ),
    origin_timeout: field(
      textOrNumber(parseOriginTimeout),
      '--origin-timeout S',
      'off',
      'Longest silence of a target that owes an answer, in seconds; any byte begins it anew. Then 504',
    ),
  }
}

export const httpFields = fieldsOf(false)

export const endpointHttpFields = {
  ...fieldsOf(true),
  paths: z
    .record(z.string(), textOrNumber(parseTarget), {
      error: 'paths, each with its target',
    })
    .optional()
    .meta({
      description:
        'Other targets for what is under a path: `/api: 4000`. The longest path counts; it is passed on as it came',
    }),
}
