// One exchange: what can be done with it, where its time went, and both messages.
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ExchangeDetail, ReplayEdits } from '../src/inspector/wire.ts'
import { BodyPane } from './body-pane.tsx'
import { EditForm } from './edit-form.tsx'
import { FieldTable } from './field-table.tsx'
import { formatTime } from './format.ts'
import { hasModifier, isTyping } from './keyboard.ts'
import { go } from './route.ts'
import type { Say } from './saying.ts'
import { RefusedError, askJson, postJson, save } from './session.ts'
import { statusText, toneOf } from './status-tone.ts'
import { TimingBar } from './timing-bar.tsx'

interface Properties {
  readonly id: string
  /** Changes when there is more to see. */
  readonly version: string
  readonly isChosen: boolean
  readonly isChoosing: boolean
  readonly say: Say
  readonly onCompare: (id: string) => void
}

/** How often an exchange that goes on is looked at again. */
const reloadMs = 2_000

export function ExchangePane(properties: Properties): JSX.Element {
  const { id, version, say } = properties
  const [loaded, setLoaded] = useState<ExchangeDetail | string>()
  const [isEditing, setEditing] = useState(false)
  const [withSecrets, setWithSecrets] = useState(false)
  const [round, setRound] = useState(0)
  useEffect(() => {
    let isGone = false
    let again: ReturnType<typeof setTimeout> | undefined
    const show = (next: ExchangeDetail | string): void => {
      if (isGone) return
      setLoaded(next)
      // What goes on is told of at its beginning and end only.
      const goesOn = typeof next !== 'string' && next.durationMs === undefined
      if (goesOn) again = setTimeout(() => setRound((before) => before + 1), reloadMs)
    }
    askJson<ExchangeDetail>(`/api/exchanges/${id}`).then(show, (error: unknown) =>
      show(messageOf(error)),
    )
    return () => {
      isGone = true
      clearTimeout(again)
    }
  }, [id, version, round])

  const replay = async (edits: ReplayEdits): Promise<void> => {
    const { id: next } = await postJson<{ id: string }>(`/api/exchanges/${id}/replay`, edits)
    say(`Sent again as request ${next}`)
    go(`requests/${next}`)
  }
  const copy = async (): Promise<void> => {
    const secrets = withSecrets ? '?secrets=1' : ''
    const { command } = await askJson<{ command: string }>(`/api/exchanges/${id}/curl${secrets}`)
    await navigator.clipboard.writeText(command)
    say(withSecrets ? 'Copied, secrets and all' : 'Copied, secrets taken out')
  }
  const tell = (work: Promise<void>): void => {
    work.catch((error: unknown) => say(messageOf(error)))
  }
  const actions = {
    replay: () => tell(replay({})),
    edit: () => setEditing(true),
    compare: () => properties.onCompare(id),
    copy: () => tell(copy()),
    har: () =>
      tell(save(`/api/har?id=${id}${withSecrets ? '&secrets=1' : ''}`, `sallyport-${id}.har`)),
  }
  usePaneKeys(actions)

  if (loaded === undefined) return <p class="empty">…</p>
  if (typeof loaded === 'string') return <p class="empty">{loaded}</p>
  const detail = loaded
  return (
    <article id="exchange" tabIndex={-1} aria-label={`Request ${id}`}>
      <Heading detail={detail} />
      <div class="actions">
        <button type="button" class="primary" disabled={!!detail.noReplay} onClick={actions.replay}>
          Replay
        </button>
        <button type="button" disabled={detail.isWebSocket} onClick={actions.edit}>
          Edit and replay
        </button>
        <button type="button" aria-pressed={properties.isChosen} onClick={actions.compare}>
          {properties.isChoosing && !properties.isChosen ? 'Compare with the chosen' : 'Compare'}
        </button>
        <button type="button" onClick={actions.copy}>
          Copy as curl
        </button>
        <button type="button" onClick={actions.har}>
          HAR
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={withSecrets}
            onChange={(event) => setWithSecrets(event.currentTarget.checked)}
          />
          with secrets
        </label>
      </div>
      {detail.noReplay !== undefined && <p class="note">{detail.noReplay}</p>}
      {isEditing ? (
        <EditForm detail={detail} onSend={replay} onCancel={() => setEditing(false)} />
      ) : (
        <Messages detail={detail} />
      )}
    </article>
  )
}

function Heading({ detail }: { readonly detail: ExchangeDetail }): JSX.Element {
  const { method, target, reason, error, replayOf, startedAt } = detail
  return (
    <header class="heading">
      <a class="back" href="#/requests">
        ← Requests
      </a>
      <h1>
        <span class="method">{method}</span> {target}
      </h1>
      <p class="facts">
        <span class={`status ${toneOf(detail)}`}>
          {statusText(detail)} {reason}
        </span>
        <span>HTTP/{detail.httpVersion}</span>
        {replayOf === undefined ? (
          <span>from {detail.visitorAddress}</span>
        ) : (
          <span>
            replay of <a href={`#/requests/${replayOf}`}>request {replayOf}</a>
          </span>
        )}
        <span>to {detail.targetLabel}</span>
        <span>{formatTime(startedAt)}</span>
      </p>
      {error && (
        <p class="problem">
          {error.message} <code>{error.code}</code>
        </p>
      )}
    </header>
  )
}

function Messages({ detail }: { readonly detail: ExchangeDetail }): JSX.Element {
  const { id, request, response, webSocket, timing } = detail
  return (
    <>
      <TimingBar timing={timing} />
      {response && (
        <section class="message">
          <h2>Response</h2>
          <FieldTable fields={response.fields} />
          <BodyPane body={response.body} path={`/api/exchanges/${id}/response-body`} />
        </section>
      )}
      <section class="message">
        <h2>Request</h2>
        <FieldTable fields={request.fields} />
        <BodyPane body={request.body} path={`/api/exchanges/${id}/request-body`} />
      </section>
      {webSocket && (
        <section class="message">
          <h2>WebSocket</h2>
          <h3>From the visitor</h3>
          <BodyPane body={webSocket.visitor} />
          <h3>From the origin</h3>
          <BodyPane body={webSocket.origin} />
        </section>
      )}
    </>
  )
}

function usePaneKeys(
  actions: Readonly<Record<'replay' | 'edit' | 'compare' | 'copy', () => void>>,
) {
  const now = useRef(actions)
  now.current = actions
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || hasModifier(event)) return
      const name = ({ r: 'replay', e: 'edit', d: 'compare', c: 'copy' } as const)[event.key]
      if (!name) return
      event.preventDefault()
      now.current[name]()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function messageOf(error: unknown): string {
  return error instanceof RefusedError ? error.message : 'The agent does not answer.'
}
