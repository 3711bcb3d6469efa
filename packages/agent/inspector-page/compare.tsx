// Two exchanges, line by line.
import { diffLines } from 'diff'
import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ExchangeDetail, MessageView } from '../src/inspector/wire.ts'
import { RefusedError, askJson } from './session.ts'

/** Differences above it are shown as all of one, then all of the other. */
const maxEditLength = 2_000
/** Equal lines around a difference; longer runs are folded. */
const contextLines = 3

interface Properties {
  readonly id: string
  readonly other: string
}

export function Compare({ id, other }: Properties): JSX.Element {
  const [pair, setPair] = useState<readonly [ExchangeDetail, ExchangeDetail] | string>()
  useEffect(() => {
    const load = (one: string): Promise<ExchangeDetail> => askJson(`/api/exchanges/${one}`)
    Promise.all([load(id), load(other)]).then(setPair, (error: unknown) =>
      setPair(error instanceof RefusedError ? error.message : 'The agent does not answer.'),
    )
  }, [id, other])
  if (pair === undefined) return <p class="empty">…</p>
  if (typeof pair === 'string') return <p class="empty">{pair}</p>
  const [before, after] = pair
  return (
    <article class="compare">
      <a class="back" href={`#/requests/${other}`}>
        ← Requests
      </a>
      <h1>
        <a href={`#/requests/${id}`}>Request {id}</a> and{' '}
        <a href={`#/requests/${other}`}>request {other}</a>
      </h1>
      <Difference title="Request" before={requestText(before)} after={requestText(after)} />
      <Difference title="Response" before={responseText(before)} after={responseText(after)} />
    </article>
  )
}

function requestText({ method, target, request }: ExchangeDetail): string {
  return `${method} ${target}\n${messageText(request)}`
}

function responseText({ status, reason, response }: ExchangeDetail): string {
  return response ? `${status ?? ''} ${reason ?? ''}\n${messageText(response)}` : 'none\n'
}

function messageText({ fields, body }: MessageView): string {
  const head = fields.map(([name, value]) => `${name.toLowerCase()}: ${value}\n`)
  const parts = body.parts?.map(({ name, text }) => `${name}:\n${text}`).join('\n')
  return `${head.join('')}\n${body.text ?? parts ?? body.image ?? ''}\n`
}

interface Texts {
  readonly title: string
  readonly before: string
  readonly after: string
}

function Difference({ title, before, after }: Texts): JSX.Element {
  const pieces = useMemo(
    () =>
      diffLines(before, after, { maxEditLength }) ?? [
        { value: before, removed: true, added: false },
        { value: after, removed: false, added: true },
      ],
    [before, after],
  )
  const isEqual = pieces.every(({ added, removed }) => !added && !removed)
  return (
    <section class="message">
      <h2>{title}</h2>
      {isEqual ? (
        <p class="note">No difference.</p>
      ) : (
        <pre class="difference" tabIndex={0}>
          {pieces.map(({ value, added, removed }, index) => (
            <Piece
              key={index}
              text={value}
              kind={added ? 'added' : removed ? 'removed' : 'equal'}
              isFirst={index === 0}
              isLast={index === pieces.length - 1}
            />
          ))}
        </pre>
      )}
    </section>
  )
}

interface PieceProperties {
  readonly text: string
  readonly kind: 'added' | 'removed' | 'equal'
  readonly isFirst: boolean
  readonly isLast: boolean
}

function Piece({ text, kind, isFirst, isLast }: PieceProperties): JSX.Element {
  const lines = text.replace(/\n$/, '').split('\n')
  const line = (one: string, index: number): JSX.Element => (
    <span
      key={index}
      class={kind}
    >{`${{ added: '+', removed: '−', equal: ' ' }[kind]} ${one}\n`}</span>
  )
  const head = isFirst ? 0 : contextLines
  const tail = isLast ? 0 : contextLines
  if (kind !== 'equal' || lines.length <= head + tail + 1) return <>{lines.map(line)}</>
  return (
    <>
      {lines.slice(0, head).map(line)}
      <span class="folded">{`  ⋯ ${lines.length - head - tail} equal lines\n`}</span>
      {lines.slice(lines.length - tail).map(line)}
    </>
  )
}
