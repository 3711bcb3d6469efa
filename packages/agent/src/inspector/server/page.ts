// The page as it is served: one file of HTML that scripts/inspector-page.ts built, and the policy that lets
// its own script and style run, by their hashes, and nothing else.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

export interface InspectorPage {
  readonly html: string
  /** Its Content-Security-Policy. */
  readonly policy: string
}

/** Set by the build of a single-file agent, which carries the page inside. */
declare const SALLYPORT_INSPECTOR_PAGE: string | undefined

/** Where `npm run build` puts it, from src/inspector/server and from dist/inspector/server. */
const builtPage = new URL('../../../dist/inspector-page.html', import.meta.url)

const notBuilt =
  '<!doctype html><title>Inspector</title><p>The page is not built: run <code>npm run build</code>. The API works.'

export async function loadInspectorPage(): Promise<InspectorPage> {
  const carried =
    typeof SALLYPORT_INSPECTOR_PAGE === 'string' ? SALLYPORT_INSPECTOR_PAGE : undefined
  return createInspectorPage(carried ?? (await readFile(builtPage, 'utf8').catch(() => notBuilt)))
}

export function createInspectorPage(html: string): InspectorPage {
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    // Captured images, as data: URLs; an image cannot run.
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return { html, policy: policy.join('; ') }
}

function hashesOf(html: string, element: 'script' | 'style'): string {
  const texts = [...html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))]
  const hashes = texts.map(([, text = '']) => {
    const hash = createHash('sha256').update(text).digest('base64')
    return `'sha256-${hash}'`
  })
  return hashes.length === 0 ? "'none'" : hashes.join(' ')
}
