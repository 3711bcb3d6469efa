import assert from 'node:assert/strict'
import test from 'node:test'
import { AddressSet } from './address-rules.ts'
import { ForwardedFields, type ForwardingClaims } from './forwarded-fields.ts'

const none: ForwardingClaims = { forwardedFor: undefined, forwarded: undefined }

function fields(visitorAddress: string, trusted?: readonly string[]): ForwardedFields {
  return new ForwardedFields({
    visitorAddress,
    listenerPort: 443,
    trustedProxies: trusted && new AddressSet(trusted, 'test'),
  })
}

function lines(of: ForwardedFields, host: string, claims: ForwardingClaims = none): string[] {
  return of.block(host, claims).toString('latin1').split('\r\n').slice(0, -1)
}

test('forwarded: IPv6 addresses and ports are quoted as RFC 7239 wants it', () => {
  const all = lines(fields('2001:db8::7'), 'app.example.com:8443')
  assert.deepEqual(all, [
    'X-Forwarded-For: 2001:db8::7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: app.example.com:8443',
    'X-Forwarded-Port: 443',
    'X-Real-IP: 2001:db8::7',
    'Forwarded: for="[2001:db8::7]";host="app.example.com:8443";proto=https',
  ])
})

test('forwarded: a mapped IPv4 address is an IPv4 address', () => {
  assert.equal(lines(fields('::ffff:192.0.2.1'), 'a')[0], 'X-Forwarded-For: 192.0.2.1')
})

test('forwarded: the block follows the host of each request', () => {
  const of = fields('192.0.2.1')
  assert.equal(of.block('a', none), of.block('a', none))
  assert.equal(lines(of, 'b')[2], 'X-Forwarded-Host: b')
  assert.equal(lines(of, 'a')[2], 'X-Forwarded-Host: a')
})

test('forwarded: claims count only behind a trusted proxy', () => {
  const claims = { forwardedFor: '6.6.6.6', forwarded: 'for=6.6.6.6' }
  assert.doesNotMatch(lines(fields('192.0.2.1'), 'a', claims).join(), /6\.6\.6\.6/)
  assert.doesNotMatch(lines(fields('192.0.2.1', ['10.0.0.0/8']), 'a', claims).join(), /6\.6\.6\.6/)
  const behind = lines(fields('10.1.1.1', ['10.0.0.0/8']), 'a', claims)
  assert.equal(behind[0], 'X-Forwarded-For: 6.6.6.6, 10.1.1.1')
  assert.equal(behind[5], 'Forwarded: for=6.6.6.6, for=10.1.1.1;host=a;proto=https')
})

test('forwarded: the client is the last address that no trusted proxy owns', () => {
  const of = fields('10.1.1.1', ['10.0.0.0/8'])
  const client = (forwardedFor: string | undefined): string => of.clientAddress(forwardedFor)
  assert.equal(client(undefined), '10.1.1.1')
  assert.equal(client('198.51.100.9'), '198.51.100.9')
  assert.equal(client('6.6.6.6, 198.51.100.9, 10.2.2.2'), '198.51.100.9')
  assert.equal(client('10.3.3.3,10.2.2.2'), '10.3.3.3')
  assert.equal(client('198.51.100.9:1234'), '198.51.100.9')
  assert.equal(client('[2001:db8::9]:1234'), '2001:db8::9')
  assert.equal(client('6.6.6.6, unknown'), '10.1.1.1')
  assert.equal(client('6.6.6.6, unknown, 10.2.2.2'), '10.2.2.2')
  assert.equal(fields('192.0.2.1', ['10.0.0.0/8']).clientAddress('6.6.6.6'), '192.0.2.1')
})
