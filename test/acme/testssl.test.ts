// testssl.sh looks at the relay's front door as a scanner does, and finds nothing wrong but what a
// self-signed certificate cannot have. A minute on an idle machine.
import assert from 'node:assert/strict'
import test from 'node:test'
import { startServer } from '../support/http-server.ts'
import { programPath, requires } from '../support/requires.ts'
import { runCommand } from '../support/run-program.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'

/** An authority that nobody knows, which has no list of what it has revoked. */
const ofSelfSigned = /Chain of trust|neither CRL nor OCSP URI/

test(
  'testssl: nothing is wrong with the relay but a certificate that is self-signed',
  { ...requires('testssl', 'openssl'), timeout: 900_000 },
  async () => {
    await using relay = await startTestRelay()
    const origin = await startServer((_request, response) => response.end('hello'))
    try {
      await using _agent = await startTestAgent(relay, [
        String(origin.port),
        '--url',
        'https://a.test',
      ])
      await using scan = runCommand(
        programPath('testssl'),
        [
          '--quiet',
          '--warnings',
          'off',
          '--color',
          '0',
          '--ip',
          '127.0.0.1',
          '-p',
          '-s',
          '-f',
          '-P',
          '-S',
          '-U',
          `a.test:${relay.port}`,
        ],
        { stdin: '' },
      )
      await scan.exited
      const { all: lines, text } = scan.stdout
      assert.match(text, /TLS 1\.3 +offered \(OK\)/)
      assert.match(text, /RC4 .*\(OK\)/, 'it came to its end')
      const wrong = lines.filter((line) => line.includes('NOT ok') && !ofSelfSigned.test(line))
      assert.deepEqual(wrong, [])
    } finally {
      origin.closeAllConnections()
      origin.close()
    }
  },
)
