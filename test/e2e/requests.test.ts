// `agent requests` and `agent replay` beside an agent that runs: found by its note, asked over its
// inspector's API. All of them are the program, in this process.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { formatJoinString } from '@sallyport/protocol'
import { Changes } from '../support/changes.ts'
import { startServer } from '../support/http-server.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinOf } from '../support/joined-agent.ts'
import { Command } from '../support/command.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const secret = 'of the webhook'

interface Seen {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly isSigned: boolean
}

/** A webhook receiver behind a running agent, and commands beside it. */
class Rig implements AsyncDisposable {
  readonly url: string
  readonly directory: TemporaryDirectory
  readonly #seen: Seen[]
  readonly #changes: Changes
  readonly #stack: AsyncDisposableStack

  constructor(
    url: string,
    directory: TemporaryDirectory,
    seen: Seen[],
    changes: Changes,
    stack: AsyncDisposableStack,
  ) {
    this.url = url
    this.directory = directory
    this.#seen = seen
    this.#changes = changes
    this.#stack = stack
  }

  get seen(): readonly Seen[] {
    return this.#seen
  }

  untilSeen(count: number): Promise<void> {
    return this.#changes.until(`${count} requests`, () => this.#seen.length >= count)
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
    return new Command(args, { XDG_RUNTIME_DIR: this.directory.path, ...env })
  }

  /** What a sender does: signs it, and gives up after that. */
  async send(path: string, body: string): Promise<void> {
    const asked = request(`${this.url}${path}`, {
      method: 'POST',
      rejectUnauthorized: false,
      agent: false,
      headers: { 'x-hub-signature-256': signatureOf(body) },
    })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [AsyncIterable<Uint8Array>]
    await buffer(answer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

const signatureOf = (body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

async function startRig(): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const seen: Seen[] = []
  const changes = new Changes()
  const origin = await startServer((incoming, response) => {
    void buffer(incoming).then((bytes) => {
      const { method = '', url = '', headers } = incoming
      const body = bytes.toString()
      const isSigned = headers['x-hub-signature-256'] === signatureOf(body)
      seen.push({ method, url, body, isSigned })
      changes.tell()
      response.writeHead(isSigned ? 200 : 401).end()
    })
  })
  stack.use(origin)
  const relay = stack.use(await startInProcessRelay())
  const directory = stack.use(await temporaryDirectory())
  const args = ['connect', String(origin.port), '--url', 'https://127.0.0.1', '--json']
  const agent = stack.use(
    new Command([...args, '--web-addr', '127.0.0.1:0'], {
      SALLYPORT_JOIN: formatJoinString(joinOf(relay)).reveal(),
      XDG_RUNTIME_DIR: directory.path,
    }),
  )
  await agent.event('ready')
  return new Rig(`https://127.0.0.1:${relay.port}`, directory, seen, changes, stack)
}

test('requests: are listed, filtered, and sent again', async () => {
  await using rig = await startRig()
  await rig.send('/one?x=\u001b[2J', 'first')
  await rig.send('/two', 'second')
  {
    await using program = rig.run(['requests'])
    await program.expectExit(0)
    assert.match(
      program.stdout,
      /^\w+ {2}[\d:]{8} {2}200 +\d+ ms {2}POST \/one\?x=%1B\[2J\n.*\/two\n$/,
    )
  }
  await using listed = rig.run(['requests', 'path=/TWO', 'status=2xx', '--json'])
  await listed.expectExit(0)
  const { id, method, target, status } = await listed.event('request')
  assert.deepEqual([method, target, status], ['POST', '/two', 200])
  assert.equal(listed.stdout.trim().split('\n').length, 1)
  {
    await using program = rig.run(['replay', String(id)])
    await program.expectExit(0)
    assert.match(program.stdout, /^POST \/two is answered 200 after \d+ ms; it is \w+\n$/)
    await program.errorLine(/github signature is sent as it was: SALLYPORT_GITHUB_SECRET or/)
  }
  assert.deepEqual(rig.seen[2], { method: 'POST', url: '/two', body: 'second', isSigned: true })
  await using unknown = rig.run(['replay', 'nosuch'])
  await unknown.expectExit(2)
  await unknown.errorLine(/it is not, or no longer, held/)
})

test('requests: an edited webhook is signed anew, with a secret from a file of 0600', async () => {
  await using rig = await startRig()
  await rig.send('/hook', '{"amount":1}')
  const editor = rig.directory.join('editor')
  await writeFile(
    editor,
    '#!/bin/sh\nsed -i -e s/amount.:1/amount\\":2/ -e s,/hook,/hook?edited, "$1"\n',
  )
  await chmod(editor, 0o700)
  const edit = async (env: Readonly<Record<string, string>>): Promise<Seen | undefined> => {
    await using program = rig.run(['replay', 'last', '--edit', '--json'], {
      EDITOR: editor,
      ...env,
    })
    await program.expectExit(0)
    const { status } = await program.event('replayed')
    assert.equal(status, rig.seen.at(-1)?.isSigned === true ? 200 : 401)
    return rig.seen.at(-1)
  }
  const edited = { method: 'POST', url: '/hook?edited', body: '{"amount":2}' }
  assert.deepEqual(await edit({}), { ...edited, isSigned: false })
  assert.deepEqual(await edit({ SALLYPORT_GITHUB_SECRET: secret }), { ...edited, isSigned: true })
  const file = rig.directory.join('secret')
  await writeFile(file, `${secret}\n`, { mode: 0o600 })
  const fromFile = { SALLYPORT_GITHUB_SECRET_FILE: file }
  assert.deepEqual(await edit(fromFile), { ...edited, isSigned: true })
  await chmod(file, 0o644)
  await using program = rig.run(['replay', 'last'], fromFile)
  await program.expectExit(3)
  await program.errorLine(/secret file .*needs mode 0600/)
})

test('requests: --on-change sends it at each change, until Ctrl-C', async () => {
  await using rig = await startRig()
  await rig.send('/hook', 'body')
  const watched = rig.directory.join('src')
  await mkdir(`${watched}/deep`, { recursive: true })
  await using program = rig.run(['replay', 'last', '--on-change', watched])
  await program.errorLine(/sends it at each change below/)
  assert.equal(rig.seen.length, 1, 'not before a change')
  await writeFile(`${watched}/deep/a.js`, '1')
  await rig.untilSeen(2)
  await program.line(/is answered 200/)
  await writeFile(`${watched}/b.js`, '1')
  await rig.untilSeen(3)
  program.signal('SIGINT')
  await program.expectExit(0)
})
