import assert from 'node:assert/strict'
import test from 'node:test'
import { openingsFor, toOpenings, toPermission } from './firewall.ts'

test('firewall: 443, 80, pings and path MTU for IPv4 and IPv6, and nothing else', () => {
  assert.deepEqual(openingsFor({ relayPort: 443, tcpPorts: [] }), [
    'icmp 3 4 0.0.0.0/0',
    'icmp 8 -1 0.0.0.0/0',
    'icmpv6 128 -1 ::/0',
    'icmpv6 2 0 ::/0',
    'tcp 443 443 0.0.0.0/0',
    'tcp 443 443 ::/0',
    'tcp 80 80 0.0.0.0/0',
    'tcp 80 80 ::/0',
  ])
})

test('firewall: chosen ports are opened once', () => {
  const openings = openingsFor({ relayPort: 8443, tcpPorts: [{ from: 8443, to: 8443 }] })
  assert.equal(openings.filter((one) => one.startsWith('tcp')).length, 2)
})

test('firewall: openings survive the way through EC2’s form', () => {
  const openings = openingsFor({ relayPort: 443, tcpPorts: [{ from: 2000, to: 2100 }] })
  assert.deepEqual(toOpenings(openings.map(toPermission)), openings)
})

test('firewall: a rule for every protocol is seen as what it is', () => {
  const everything = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  assert.deepEqual(toOpenings([everything]), ['-1 -1 -1 0.0.0.0/0'])
})
