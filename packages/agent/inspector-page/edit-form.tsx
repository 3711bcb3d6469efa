// A request to be changed before it is sent again.
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ExchangeDetail, Field, ReplayEdits } from '../src/inspector/wire.ts'
import { RefusedError } from './session.ts'

interface Properties {
  readonly detail: ExchangeDetail
  readonly onSend: (edits: ReplayEdits) => Promise<void>
  readonly onCancel: () => void
}

export function EditForm({ detail, onSend, onCancel }: Properties): JSX.Element {
  const { request } = detail
  const [method, setMethod] = useState(detail.method)
  const [target, setTarget] = useState(detail.target)
  const [fields, setFields] = useState(() => formatFields(request.fields))
  const original = request.body.kind === 'empty' ? '' : request.body.editable
  const [body, setBody] = useState(original)
  const [problem, setProblem] = useState<string>()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])

  const send = (event?: Event): void => {
    event?.preventDefault()
    onSend({
      method,
      target,
      fields: parseFields(fields),
      // What was not touched is sent byte for byte.
      ...(body !== undefined && body !== original && { body }),
    }).catch((error: unknown) =>
      setProblem(error instanceof RefusedError ? error.message : 'The agent does not answer.'),
    )
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault()
      onCancel()
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send(event)
  }
  return (
    <form class="edit" onSubmit={send} onKeyDown={onKeyDown}>
      <div class="line">
        <label>
          Method
          <input
            value={method}
            size={8}
            spellcheck={false}
            onInput={(event) => setMethod(event.currentTarget.value)}
          />
        </label>
        <label class="wide">
          Path and query
          <input
            ref={first}
            value={target}
            spellcheck={false}
            onInput={(event) => setTarget(event.currentTarget.value)}
          />
        </label>
      </div>
      <label>
        Headers, one a line
        <textarea
          rows={Math.min(12, request.fields.length + 1)}
          spellcheck={false}
          value={fields}
          onInput={(event) => setFields(event.currentTarget.value)}
        />
      </label>
      <label>
        Body
        {body === undefined && (
          <button type="button" class="quiet" onClick={() => setBody('')}>
            not text, or not whole: it is sent as it was; write another
          </button>
        )}
        {body !== undefined && (
          <textarea
            rows={10}
            spellcheck={false}
            value={body}
            onInput={(event) => setBody(event.currentTarget.value)}
          />
        )}
      </label>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="primary">
          Send
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

function formatFields(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('\n')
}

function parseFields(text: string): readonly Field[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':')
      return colon === -1
        ? [line.trim(), '']
        : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    })
}
