import assert from 'node:assert/strict'
import test from 'node:test'
import { fieldKindOf } from './field-kinds.ts'
import { isTrailer } from './trailer-fields.ts'

test('trailers: what comes after the body may not change what was said before it', () => {
  const may = (name: string): boolean => isTrailer(name, fieldKindOf(name))
  for (const name of ['Grpc-Status', 'Server-Timing', 'X-Checksum', 'Content-Digest', 'ETag']) {
    assert.equal(may(name), true, name)
  }
  const never = [
    'Content-Length',
    'Transfer-Encoding',
    'transfer_encoding',
    'Host',
    'Connection',
    'Upgrade',
    'TE',
    'Trailer',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'set_cookie',
    'Content-Type',
    'Content-Encoding',
    'Cache-Control',
    'If-Match',
    'Location',
    'X-Forwarded-For',
    'Forwarded',
  ]
  for (const name of never) assert.equal(may(name), false, name)
})
