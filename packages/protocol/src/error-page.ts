// What a visitor of an https route is told when no origin answers: a small page that says which hop ended
// the request, as HTML or JSON by Accept, with the code that docs/errors.md explains. The agent's HTTP edge
// sends it, and the relay while the agent is away.
import { type SallyportError, errorTable } from './errors.ts'
import { type Hop, refusalOf } from './refusal.ts'

export interface ErrorPage {
  readonly status: number
  readonly reason: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Nothing but the page's own style. */
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'"

/** `accept`: what the request says it takes. `challenge`: the WWW-Authenticate of a 401. */
export function createErrorPage(
  error: SallyportError,
  accept: string | undefined,
  challenge?: string,
): ErrorPage {
  const { status, reason, hop } = refusalOf(error.code)
  const isHtml = /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(accept ?? '')
  const body = isHtml
    ? htmlPage(error, status, reason, hop)
    : `${JSON.stringify({ error: error.code, status, hop, message: error.message, meaning: errorTable[error.code].meaning })}\n`
  const fields: [string, string][] = [
    ['Content-Type', isHtml ? 'text/html; charset=utf-8' : 'application/json'],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Sallyport-Error', error.code],
  ]
  if (isHtml) fields.push(['Content-Security-Policy', pagePolicy])
  if (status === 401 && challenge !== undefined) fields.push(['WWW-Authenticate', challenge])
  return { status, reason, fields, body: Buffer.from(body) }
}

const way: readonly (readonly [hop: Hop, label: string])[] = [
  ['visitor', 'your request'],
  ['agent', 'the tunnel'],
  ['origin', 'the service'],
]

function htmlPage(error: SallyportError, status: number, reason: string, hop: Hop): string {
  const broken = way.findIndex(([name]) => name === hop)
  const steps = way
    .map(([, label], index) => {
      const mark = index < broken ? 'ok' : index === broken ? 'no' : 'off'
      const sign = { ok: '✓', no: '✗', off: '–' }[mark]
      return `<li class="${mark}">${sign} ${label}</li>`
    })
    .join('')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status} ${reason}</title><style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}
ul{list-style:none;padding:0;display:flex;gap:1.5rem}.off{opacity:.5}.no{font-weight:700}
code{font-size:.9em}</style></head><body>
<h1>${status} ${reason}</h1>
<p>${escapeHtml(errorTable[error.code].meaning)}</p>
<ul>${steps}</ul>
<p><code>${error.code}</code>: ${escapeHtml(error.message)}</p>
</body></html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
