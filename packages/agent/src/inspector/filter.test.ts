import assert from 'node:assert/strict'
import test from 'node:test'
import { matches, parseFilter } from './filter.ts'
import { createInspectorTest } from './inspector.test.support.ts'

function shown(query: string): readonly string[] {
  const { pass } = createInspectorTest()
  const exchanges = [
    pass({ target: '/api/users', status: 200, tookMs: 10 }),
    pass({ method: 'POST', target: '/API/orders', status: 404, tookMs: 300 }),
    pass({
      target: '/ws',
      status: 502,
      responseFields: [['Content-Type', 'text/html; charset=utf-8']],
      tookMs: 2_000,
    }),
  ]
  const filter = parseFilter(new URLSearchParams(query))
  return exchanges.filter((exchange) => matches(exchange, filter)).map(({ target }) => target)
}

test('filter: by each thing, and by all at once', () => {
  assert.deepEqual(shown(''), ['/api/users', '/API/orders', '/ws'])
  assert.deepEqual(shown('path=api'), ['/api/users', '/API/orders'])
  assert.deepEqual(shown('status=404'), ['/API/orders'])
  assert.deepEqual(shown('status=4xx'), ['/API/orders'])
  assert.deepEqual(shown('status=200-404'), ['/api/users', '/API/orders'])
  assert.deepEqual(shown('status=error'), ['/ws'])
  assert.deepEqual(shown('method=post'), ['/API/orders'])
  assert.deepEqual(shown('slower=250'), ['/API/orders', '/ws'])
  assert.deepEqual(shown('slower=>1.5s'), ['/ws'])
  assert.deepEqual(shown('header=content-type'), ['/ws'])
  assert.deepEqual(shown('header=Content-Type: HTML; charset=utf-8'), ['/ws'])
  assert.deepEqual(shown('header=content-type: json'), [])
  assert.deepEqual(shown('path=api&status=200&method=GET&slower=5'), ['/api/users'])
  assert.deepEqual(shown('path=api&status=200&method=POST'), [])
})

test('filter: what it cannot read is refused in one line', () => {
  assert.throws(() => parseFilter(new URLSearchParams('status=ok')), {
    code: 'SP_USAGE',
    message: /filter.*status.*ok.*404, 4xx, 200-299 or error/,
  })
  assert.throws(() => parseFilter(new URLSearchParams('slower=fast')), { code: 'SP_USAGE' })
})
