// The inspector's page in a real browser: visitors come through the HTTP edge, the page looks on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { after, before, describe } from 'node:test'
import { systemClock } from '@sallyport/mux'
import type { Browser } from 'playwright-core'
import {
  type Inspector,
  type InspectorServer,
  type SendReplay,
  createInspector,
  createInspectorPage,
  startInspectorServer,
} from '../../packages/agent/src/inspector/index.ts'
import { buildInspectorPage } from '../../scripts/inspector-page.ts'
import { openPage, startBrowser } from '../support/browser.ts'
import { type EdgeTunnel, startEdgeTunnel } from '../support/edge-tunnel.ts'
import { requires } from '../support/requires.ts'

const token = 'token-of-this-run'
const html = '<script>globalThis.ran = true; fetch("https://evil.example/")</script>'

/** Answers JSON with what it was sent, and a page with a script under /hostile. */
const origin = createServer((asked, answer) => {
  if (asked.url?.startsWith('/hostile')) {
    answer.setHeader('Content-Type', 'text/html').end(html)
    return
  }
  if (asked.url === '/other-site') {
    answer.end('another site')
    return
  }
  answer.statusCode = asked.url?.startsWith('/missing') ? 404 : 200
  answer.setHeader('Content-Type', 'application/json')
  void text(asked).then((body) => answer.end(JSON.stringify({ url: asked.url, body })))
})

/** Straight to the origin, as the agent does it. */
const send: SendReplay = async ({ method, target, fields, body }) => {
  const asked = request({
    port: (origin.address() as AddressInfo).port,
    method,
    path: target,
    headers: [...fields.flat(), 'Content-Length', String(body.length)],
  })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const { statusCode = 0, statusMessage = '', rawHeaders } = answer
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  return {
    status: statusCode,
    reason: statusMessage,
    fields: names.map((name, index) => [name, rawHeaders[2 * index + 1] ?? ''] as const),
    body: answer,
  }
}

describe('inspector page', requires('chromium'), () => {
  let tunnel: EdgeTunnel
  let inspector: Inspector
  let server: InspectorServer
  let browser: Browser

  before(async () => {
    origin.listen(0, '127.0.0.1')
    await once(origin, 'listening')
    inspector = createInspector({
      clock: systemClock,
      wallNow: Date.now,
      tunnels: () => [
        {
          route: 'r0',
          name: 'app',
          publicUrl: 'https://app.example.com',
          protocol: 'https',
          target: 'localhost',
        },
      ],
      send,
    })
    tunnel = await startEdgeTunnel((origin.address() as AddressInfo).port, {
      tap: inspector.tapOf('r0'),
    })
    server = await startInspectorServer({
      inspector,
      host: '127.0.0.1',
      port: 0,
      isExplicit: true,
      token,
      page: createInspectorPage(await buildInspectorPage()),
      version: '1.2.3',
    })
    browser = await startBrowser()
  })

  after(async () => {
    await browser.close()
    await server.close()
    await tunnel[Symbol.asyncDispose]()
    origin.close()
    origin.closeAllConnections()
  })

  const visit = async (path: string, body?: string): Promise<void> => {
    const asked = request({
      port: tunnel.port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { Host: 'app.example.com', Connection: 'close', 'Content-Type': 'text/plain' },
    })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
  }

  test('a request appears, is found, opened, edited and sent again, all by keyboard', async () => {
    await using watched = await openPage(browser)
    const { page, complaints } = watched
    await page.goto(server.link)
    assert.doesNotMatch(page.url(), new RegExp(token), 'the token left the address')
    await page.getByText('Requests appear here').waitFor()
    // The quickest of some: a busy machine may hold any single one up.
    let soonestMs = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 5 && soonestMs >= 1_000; tries++) {
      const came = performance.now()
      await visit(`/missing/${tries}`)
      await page.locator('.list a', { hasText: `/missing/${tries}` }).waitFor()
      soonestMs = Math.min(soonestMs, performance.now() - came)
    }
    assert.ok(soonestMs < 1_000, `a request took ${soonestMs} ms to appear`)
    await visit('/orders', 'hello')

    await page.keyboard.press('/')
    await page.keyboard.type('ORD')
    await page.locator('.list a', { hasText: '/missing/0' }).waitFor({ state: 'detached' })
    assert.equal(await page.locator('.list a').count(), 1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.getByRole('heading', { name: 'POST /orders' }).waitFor()
    await page.locator('pre', { hasText: '"body": "hello"' }).waitFor()

    await page.keyboard.press('e')
    await page.getByLabel('Path and query').fill('/orders?again')
    await page.getByLabel('Body').fill('goodbye')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('heading', { name: 'POST /orders?again' }).waitFor()
    await page.locator('pre', { hasText: '"body": "goodbye"' }).waitFor()
    await page.getByText('replay of').waitFor()
    assert.deepEqual(complaints, [])
  })

  test('filters count all at once, and one that cannot be read says so', async () => {
    inspector.exchanges.clear()
    await visit('/missing/b')
    await visit('/found/b')
    await visit('/missing/c', 'x')
    await using watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.link)
    const rows = page.locator('.list a')
    const shows = async (count: number): Promise<void> => {
      if (count > 0) await rows.nth(count - 1).waitFor()
      await rows.nth(count).waitFor({ state: 'detached' })
    }
    await shows(3)
    await page.getByLabel('Status').fill('4xx')
    await shows(2)
    await page.getByLabel('Method').selectOption('POST')
    await shows(1)
    assert.match((await rows.textContent()) ?? '', /missing\/c/)
    await page.getByLabel('Header').fill('content-type: json')
    await shows(1)
    await page.getByLabel('Header').fill('content-type: html')
    await page.getByText('No request matches the filter.').waitFor()
    await page.getByLabel('Status').fill('x')
    await page.getByRole('alert').getByText('404, 4xx, 200-299 or error').waitFor()
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await shows(3)
  })

  test('a captured page with a script is text, and nothing of it runs', async () => {
    inspector.exchanges.clear()
    await visit(`/hostile?${encodeURIComponent(html)}`)
    await using watched = await openPage(browser)
    const { page, complaints } = watched
    const asked: string[] = []
    page.on('request', (sent) => asked.push(new URL(sent.url()).host))
    await page.goto(server.link)
    await page.locator('.list a').click()
    await page.locator('pre', { hasText: 'globalThis.ran = true' }).waitFor()
    assert.equal(await page.evaluate('globalThis.ran'), undefined)
    assert.deepEqual([...new Set(asked)], [new URL(server.url).host])
    // Where a script was put in by other means, the policy stops it.
    const refused = page.waitForEvent('console', (message) =>
      /Content Security/.test(message.text()),
    )
    await page.evaluate(`{
      const script = document.createElement('script')
      script.textContent = 'globalThis.ran = true'
      document.body.append(script)
    }`)
    await refused
    assert.equal(await page.evaluate('globalThis.ran'), undefined)
    assert.equal(complaints.length, 1, complaints.join('\n'))
  })

  test('two requests side by side, plots, and connections, without a complaint', async () => {
    inspector.exchanges.clear()
    await visit('/a', 'one')
    await visit('/a', 'two')
    await using watched = await openPage(browser, { colorScheme: 'dark' })
    const { page, complaints } = watched
    await page.goto(server.link)
    await page.locator('.list a').first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('d')
    await page.keyboard.press('j')
    await page.keyboard.press('d')
    await page.locator('.difference .added', { hasText: '"body": "one"' }).waitFor()
    await page.locator('.difference .removed', { hasText: '"body": "two"' }).waitFor()
    await page.keyboard.press('3')
    await page.locator('.plot canvas').nth(2).waitFor()
    await page.keyboard.press('2')
    await page.getByText('Connections of tcp and tls routes').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
  })

  test('on a phone of 390 px nothing is cut off, in any view', async () => {
    inspector.exchanges.clear()
    await visit(`/${'long'.repeat(60)}?${'q'.repeat(200)}`, 'x'.repeat(500))
    await using watched = await openPage(browser, { viewport: { width: 390, height: 844 } })
    const { page, complaints } = watched
    const fits = async (what: string): Promise<void> => {
      const width = await page.evaluate('document.documentElement.scrollWidth')
      assert.equal(width, 390, what)
    }
    await page.goto(server.link)
    await page.locator('.list a').waitFor()
    await fits('list')
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByLabel('Status').waitFor()
    await fits('filter')
    await page.locator('.list a').click()
    await page.getByRole('button', { name: 'Edit and replay' }).waitFor()
    await fits('request')
    await page.getByRole('button', { name: 'Edit and replay' }).click()
    await fits('edit')
    await page.getByRole('link', { name: 'Status' }).click()
    await page.locator('.plot canvas').nth(2).waitFor()
    await fits('status')
    assert.deepEqual(complaints, [])
  })

  test('without the token there is a form and no data, and a wrong one leads back to it', async () => {
    await using watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.url)
    await page.getByLabel('Link or token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('Open the link that the agent printed').waitFor()
    await page.getByLabel('Link or token').fill(server.link)
    await page.keyboard.press('Enter')
    await page.locator('.live.live').waitFor()
  })

  test('a name that is pointed here, and a post of another site, get 403', async () => {
    await using watched = await openPage(browser)
    const { page } = watched
    const { port } = server
    // *.localhost is loopback to browsers, and as good as any name that was bound to it.
    const rebound = await page.goto(`http://evil.localhost:${port}/`)
    assert.equal(rebound?.status(), 403)
    await page.goto(`http://127.0.0.1:${(origin.address() as AddressInfo).port}/other-site`)
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST')
    await page.evaluate(`{
      const form = document.createElement('form')
      form.method = 'POST'
      form.enctype = 'text/plain'
      form.action = '${server.url}/api/requests/http'
      document.body.append(form)
      form.submit()
    }`)
    assert.equal((await answered).status(), 403)
  })
})
