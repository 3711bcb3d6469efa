import assert from 'node:assert/strict'
import { test } from 'node:test'

import { refusal } from './refusal.test.support.ts'
import { parseRemoteForward } from './remote-forward.ts'

test('ssh’s forms with a host and a port are understood', () => {
  const cases: [text: string, bind: string, port: number, host: string, hostPort: number][] = [
    ['2222:localhost:22', '', 2222, 'localhost', 22],
    ['0:localhost:3000', '', 0, 'localhost', 3000],
    ['localhost:80:localhost:3000', 'localhost', 80, 'localhost', 3000],
    ['127.0.0.1:80:10.0.0.5:3000', '127.0.0.1', 80, '10.0.0.5', 3000],
    ['*:80:Web.example:3000', '', 80, 'web.example', 3000],
    [':80:web:3000', '', 80, 'web', 3000],
    ['[::1]:80:localhost:3000', '::1', 80, 'localhost', 3000],
    ['[::]:80:[::1]:3000', '::', 80, '::1', 3000],
    ['80:[2001:db8::1]:3000', '', 80, '2001:db8::1', 3000],
    ['[*]:80:web:3000', '', 80, 'web', 3000],
  ]
  for (const [text, bind, port, host, hostPort] of cases) {
    assert.deepEqual(parseRemoteForward(text, '-R'), {
      route: { kind: 'tcp', bind, port },
      target: { kind: 'tcp', host, port: hostPort },
    })
  }
})

test('ssh’s forms with a local socket are understood', () => {
  const cases: [text: string, bind: string, port: number, path: string][] = [
    ['2222:/run/app.sock', '', 2222, '/run/app.sock'],
    ['localhost:2222:./app.sock', 'localhost', 2222, './app.sock'],
    ['[::1]:2222:/run/app.sock', '::1', 2222, '/run/app.sock'],
    ['*:2222:/run/a\\:b.sock', '', 2222, '/run/a:b.sock'],
  ]
  for (const [text, bind, port, path] of cases) {
    assert.deepEqual(parseRemoteForward(text, '-R'), {
      route: { kind: 'tcp', bind, port },
      target: { kind: 'unix', path },
    })
  }
})

test('other forms are refused with their place, their value and what would be right', () => {
  const cases: Record<string, string> = {
    '/run/relay.sock:localhost:22': 'not on sockets in its file system',
    '/run/relay.sock:/run/app.sock': 'not on sockets in its file system',
    './relay.sock:22': 'not on sockets in its file system',
    '8080': 'a port alone (SOCKS in ssh) forwards nowhere',
    'localhost:8080': 'a port alone (SOCKS in ssh) forwards nowhere',
    '': 'a port alone (SOCKS in ssh) forwards nowhere',
    '/run/app.sock': 'not on sockets in its file system',
    'x:localhost:22': 'a port of the relay',
    '65536:localhost:22': 'a port of the relay',
    ':localhost:22': 'a port of the relay',
    'web:80:localhost:22': 'before the port nothing',
    '1.2.3:80:localhost:22': 'before the port nothing',
    '80:localhost:0': 'HOST:HOSTPORT',
    '80:localhost:': 'HOST:HOSTPORT',
    '80:a_b:22': 'HOST:HOSTPORT',
    '80::22': 'HOST:HOSTPORT',
    'a:80:localhost:22:x': '[BIND:]PORT:HOST:HOSTPORT',
    '::1:80:localhost:22': '[BIND:]PORT:HOST:HOSTPORT',
    '[::1:80:localhost:22': '[BIND:]PORT:HOST:HOSTPORT',
    '[::1]80:localhost:22': '[BIND:]PORT:HOST:HOSTPORT',
    '80:localhost:22\\': '[BIND:]PORT:HOST:HOSTPORT',
    [`80:/${'a'.repeat(107)}`]: 'a path with a slash',
  }
  for (const [text, right] of Object.entries(cases)) {
    const message = refusal('SP_USAGE', () => parseRemoteForward(text, '-R'))
    assert.ok(message.startsWith(`forwarding (-R): "${text.slice(0, 8)}`.replace('\\', '\\\\')))
    assert.ok(message.includes(right), `${text}: ${message}`)
  }
})
