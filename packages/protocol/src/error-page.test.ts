import assert from 'node:assert/strict'
import test from 'node:test'
import { createErrorPage } from './error-page.ts'
import { type ErrorCode, SallyportError } from './errors.ts'

const failure = (code: ErrorCode, message: string) => new SallyportError(code, message)

const refused = failure('SP_ORIGIN_REFUSED', 'origin <b>localhost:3000</b> refused')

test('error page: HTML for who accepts it, JSON for everyone else', () => {
  const html = createErrorPage(refused, 'text/html,application/xhtml+xml,*/*;q=0.8')
  assert.match(html.body.toString(), /^<!doctype html>/)
  assert.match(html.body.toString(), /✗ the service/)
  for (const accept of [undefined, '*/*', 'application/json', 'image/png']) {
    const { body, fields } = createErrorPage(refused, accept)
    const page = JSON.parse(body.toString()) as Record<string, unknown>
    assert.equal(page['error'], 'SP_ORIGIN_REFUSED')
    assert.equal(page['hop'], 'origin')
    assert.equal(page['status'], 502)
    assert.deepEqual(fields[0], ['Content-Type', 'application/json'])
  }
})

test('error page: nothing of a message is markup, and no cache keeps the page', () => {
  const { body, fields } = createErrorPage(refused, 'text/html')
  assert.doesNotMatch(body.toString(), /<b>/)
  const all = Object.fromEntries(fields)
  assert.equal(all['Cache-Control'], 'no-store')
  assert.equal(all['X-Content-Type-Options'], 'nosniff')
  assert.match(all['Content-Security-Policy'] ?? '', /default-src 'none'/)
  assert.equal(all['Sallyport-Error'], 'SP_ORIGIN_REFUSED')
})

test('error page: only a 401 asks for a password', () => {
  const challenge = 'Basic realm="app"'
  const ask = createErrorPage(failure('SP_HTTP_UNAUTHORIZED', 'x'), undefined, challenge)
  assert.deepEqual(ask.fields.at(-1), ['WWW-Authenticate', challenge])
  const other = createErrorPage(refused, undefined, challenge)
  assert.equal(Object.fromEntries(other.fields)['WWW-Authenticate'], undefined)
})

test('error page: what has no status of its own is a 500', () => {
  assert.equal(createErrorPage(failure('SP_INTERNAL', 'x'), undefined).status, 500)
})
