// The machine's Chromium, without a screen, for tests of pages. What a page writes on its console or
// throws is collected: a good page writes nothing.
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { programPath } from './requires.ts'

/** Nothing but the page under test goes over the wire. */
const switches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: programPath('chromium'), args: switches })
}

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page
  /** What it complained of, in order. */
  readonly complaints: readonly string[]
}

/** A page in a profile of its own. Every wait in it ends after 10 s. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`))
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}
