// The HTTP of https routes as the embedding API writes it.
import { parseTarget } from '@sallyport/protocol'
import type { FindHttp, HttpDraft } from './http-settings.ts'
import { parsePathPrefix } from './http-values.ts'

/** Each as the flag of that name: docs/configuration.md. */
export interface HttpOptions {
  readonly hostHeader?: string
  readonly trustedProxies?: readonly string[]
  readonly httpAllowFrom?: readonly string[]
  readonly httpDenyFrom?: readonly string[]
  readonly basicAuthFile?: string
  /** `Name: value`. */
  readonly requestHeaderAdd?: readonly string[]
  readonly requestHeaderRemove?: readonly string[]
  readonly responseHeaderAdd?: readonly string[]
  readonly responseHeaderRemove?: readonly string[]
  /** Bytes, or `10MB`. */
  readonly maxBody?: number | string
  /** Seconds. */
  readonly originTimeout?: number
  /** Other targets for what is under a path: `{ '/api': 4000 }`. */
  readonly paths?: Readonly<Record<string, number | string>>
}

export function findOption(options: HttpOptions): FindHttp {
  const values: Readonly<Record<string, unknown>> = { ...options }
  return (flag) => {
    const name = flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    const value = values[name]
    if (value === undefined) return undefined
    return { texts: [value].flat().map(String), where: `http.${name}`, code: 'SP_USAGE' }
  }
}

export function pathsOfOptions({ paths = {} }: HttpOptions): HttpDraft['paths'] {
  return Object.entries(paths).map(([prefix, target]) => ({
    prefix: parsePathPrefix(prefix, 'http.paths', 'SP_USAGE'),
    origin: parseTarget(String(target), `http.paths ${prefix}`),
  }))
}
