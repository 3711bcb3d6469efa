// A reader of nothing but the one form that the edge is to write: whatever it would have to think about
// is a fault. It shares no code with the edge, and never refuses.
import { createHash } from 'node:crypto'
import type { ReadRequest } from './edge-reading.ts'
import type { HttpReader, Reading } from './http-reader.ts'

/** What every request has to say about the visitor of the tests, and nothing else of the kind. */
const forwarding = [
  /^X-Forwarded-For: 203\.0\.113\.7$/,
  /^X-Forwarded-Proto: https$/,
  /^X-Forwarded-Host: \S+$/,
  /^X-Forwarded-Port: 443$/,
  /^X-Real-IP: 203\.0\.113\.7$/,
  /^Forwarded: for=203\.0\.113\.7;host=\S+;proto=https$/,
]
const aboutVisitor =
  /^(x.forwarded[^a-z0-9][^:]*|x.real.ip|x.client.ip|forwarded|client.ip|true.client.ip):/i
const aboutFraming = /^(content.length|transfer.encoding):/i
const aboutHop = /^(connection|keep.alive|proxy.connection|te|upgrade):/i
const line = /^[\w!#$%&'*+.^`|~-]+: (?:[^\0-\x20\x7f](?:[^\0-\x08\n-\x1f\x7f]*[^\0-\x20\x7f])?)?$/ // oxlint-disable-line no-control-regex -- they are what must not be there

export class NotCanonical extends Error {}

function check(isRight: boolean, what: string): asserts isRight {
  if (!isRight) throw new NotCanonical(what)
}

/** One request at the beginning of the text, and the text behind it. */
function readOne(text: string): { readonly request: ReadRequest; readonly rest: string } {
  const end = text.indexOf('\r\n\r\n')
  check(end > 0, 'a head without an end')
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const [, method = '', target = ''] = /^([^ ]+) ([^ ]+) HTTP\/1\.1$/.exec(first) ?? []
  check(method !== '', `a request line: ${first}`)
  for (const one of lines) check(line.test(one), `a field line: ${one}`)
  const named = (name: RegExp): readonly string[] => lines.filter((one) => name.test(one))

  const hosts = named(/^host:/i)
  check(hosts.length === 1, `${hosts.length} hosts`)
  if (target !== '/sentinel') {
    check(named(aboutHop).length === 0, `a field of the hop: ${named(aboutHop).join()}`)
    const about = named(aboutVisitor)
    check(about.length === forwarding.length, `claims: ${about.join()}`)
    for (const [index, pattern] of forwarding.entries()) {
      check(pattern.test(about[index] ?? ''), `claim ${about[index] ?? ''}`)
    }
  }
  const framing = named(aboutFraming)
  check(framing.length <= 1, `framing: ${framing.join()}`)
  const host = hosts[0]?.slice('host: '.length) ?? ''
  const body = readBody(framing[0], text.slice(end + 4))
  const sha256 = body && createHash('sha256').update(body.data, 'latin1').digest('hex')
  const request = { method, target, host, sha256, isWhole: body !== undefined }
  return { request, rest: body?.rest ?? '' }
}

function readBody(
  framing: string | undefined,
  text: string,
): { readonly data: string; readonly rest: string } | undefined {
  if (framing === undefined) return { data: '', rest: text }
  const length = /^Content-Length: (0|[1-9][0-9]*)$/.exec(framing)?.[1]
  if (length !== undefined) {
    const bytes = Number(length)
    return text.length < bytes ? undefined : { data: text.slice(0, bytes), rest: text.slice(bytes) }
  }
  check(framing === 'Transfer-Encoding: chunked', `framing: ${framing}`)
  let data = ''
  let rest = text
  for (;;) {
    const [sizeLine = '', digits = ''] = /^([0-9a-f]*)\r\n/.exec(rest) ?? []
    if (sizeLine === '' && /^[0-9a-f]*\r?$/.test(rest)) return undefined
    check(digits === '0' || /^[1-9a-f]/.test(digits), `a chunk size: ${rest.slice(0, 20)}`)
    rest = rest.slice(sizeLine.length)
    const size = Number.parseInt(digits, 16)
    if (size === 0) break
    if (rest.length < size + 2) return undefined
    check(rest.startsWith('\r\n', size), 'the end of a chunk')
    data += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
  for (;;) {
    const end = rest.indexOf('\r\n')
    if (end < 0) return undefined
    const one = rest.slice(0, end)
    rest = rest.slice(end + 2)
    if (one === '') return { data, rest }
    check(line.test(one), `a trailer: ${one}`)
    check(
      !/^(content.(length|type)|transfer.encoding|host|x.forwarded.[^:]*|connection):/i.test(one),
      `a trailer: ${one}`,
    )
  }
}

function readStream(stream: Buffer): Reading {
  const requests: ReadRequest[] = []
  let text = stream.toString('latin1')
  try {
    while (text !== '') {
      const { request, rest } = readOne(text)
      requests.push(request)
      text = rest
    }
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    // As a request that nobody sent, it will not be overlooked.
    requests.push({ method: '?', target: error.message, host: '', sha256: '', isWhole: false })
  }
  return { requests, hasRefused: false }
}

export function createNaiveReader(): HttpReader {
  return {
    name: 'naive',
    read: (streams) => Promise.resolve(streams.map(readStream)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
