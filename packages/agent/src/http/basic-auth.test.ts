import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { BasicAuth, formatPasswordLine, parsePasswordFile } from './basic-auth.ts'

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

/** A cheap hash, so that many can be made. */
const cheap = 'ada:$scrypt$ln=10,r=1,p=1$c2FsdHNhbHQ=$'

async function auth(): Promise<BasicAuth> {
  const text = `# people\n\n${await formatPasswordLine('ada', 'pässword')}\r\n`
  return new BasicAuth({ realm: 'app', users: parsePasswordFile(text, 'test') })
}

test('basic auth: the right name and password, and no other', async () => {
  const checked = await auth()
  assert.equal(checked.challenge, 'Basic realm="app", charset="UTF-8"')
  assert.equal(await checked.check(basic('ada:pässword')), true)
  for (const login of ['ada:passwort', 'ada:', 'bob:pässword', ':pässword', 'ada']) {
    assert.equal(await checked.check(basic(login)), false, login)
  }
  for (const field of [undefined, '', 'Basic', 'Bearer x', 'Basic %%%', 'Basic YWRh extra']) {
    assert.equal(await checked.check(field), false, field)
  }
})

test('basic auth: what was right once is known at once', async () => {
  const checked = await auth()
  const first = checked.check(basic('ada:pässword'))
  assert.ok(first instanceof Promise)
  await first
  assert.equal(checked.check(basic('ada:pässword')), true)
  assert.ok(checked.check(basic('ada:other')) instanceof Promise)
})

test('basic auth: only so many are checked or wait at once', async () => {
  const users = parsePasswordFile(`${cheap}${Buffer.alloc(32).toString('base64')}`, 'test')
  const checked = new BasicAuth({ realm: 'app', users })
  const waiting: (boolean | Promise<boolean>)[] = []
  assert.throws(
    () => {
      for (let turn = 0; turn < 1_000; turn++) waiting.push(checked.check(basic(`ada:${turn}`)))
    },
    (error) => error instanceof SallyportError && error.code === 'SP_HTTP_BUSY',
  )
  assert.equal(waiting.length, 66)
  for (const isRight of waiting) assert.equal(await isRight, false)
  // The places are free again.
  assert.equal(await checked.check(basic('ada:x')), false)
})

const wrong = [
  'ada',
  'ada:password',
  'ada:$scrypt$ln=15,r=8,p=1$$',
  'ada:$scrypt$ln=30,r=8,p=1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA==',
  'ada:$scrypt$ln=1,r=8,p=1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA==',
  'ada:$scrypt$ln=15,r=0,p=1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA==',
  'ada:$scrypt$ln=15,r=8,p=1$c2FsdA==$c2hvcnQ=',
  `${cheap}aGFzaGhhc2hoYXNoaGFzaA==\n${cheap}aGFzaGhhc2hoYXNoaGFzaA==`,
]
for (const text of wrong) {
  test(`basic auth: the file ${JSON.stringify(text.slice(0, 40))} is refused, and not shown`, () => {
    assert.throws(
      () => parsePasswordFile(text, 'users.txt'),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'SP_CONFIG' &&
        /users\.txt line \d/.test(error.message) &&
        !error.message.includes('aGFz'),
    )
  })
}
