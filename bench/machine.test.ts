import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findVersion } from './machine.ts'

test('findVersion: the line that says so, one that looks like one, or the first', () => {
  const rathole =
    'rathole \nBuild Timestamp:     2026-11-20T12:32:40.980830144Z\nBuild Version:       0.5.0\n'
  assert.equal(findVersion(rathole), 'Build Version: 0.5.0')
  assert.equal(
    findVersion('\nOpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19\n'),
    'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19',
  )
  assert.equal(findVersion('\nc8c254d-dirty\n'), 'c8c254d-dirty')
  assert.equal(findVersion(''), 'unknown')
})
