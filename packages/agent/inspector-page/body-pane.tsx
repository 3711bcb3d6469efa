// A body as the agent made it readable. Captured text only ever becomes text nodes.
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { BodyView, PartView } from '../src/inspector/wire.ts'
import { formatBytes } from './format.ts'
import { JsonText } from './json-text.tsx'
import { FieldRows } from './field-table.tsx'
import { save } from './session.ts'

interface Properties {
  readonly body: BodyView
  /** Where the bytes themselves are. */
  readonly path?: string
}

export function BodyPane({ body, path }: Properties): JSX.Element {
  const { kind, mediaType, seenBytes, notes } = body
  if (kind === 'empty') return <p class="note">No body.</p>
  return (
    <div class="body">
      <p class="bar">
        <span>
          {[mediaType, formatBytes(seenBytes), kind === 'hex' ? 'hexadecimal' : '']
            .filter((text) => text !== '')
            .join(' · ')}
        </span>
        {path !== undefined && (
          <button
            type="button"
            class="quiet"
            onClick={() => void save(path, path.split('/').slice(-2).join('-'))}
          >
            Save
          </button>
        )}
      </p>
      {notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      <Content body={body} />
    </div>
  )
}

function Content({ body: { kind, text = '', form, parts, image } }: Properties): JSX.Element {
  switch (kind) {
    case 'image':
      return <img src={image} alt="The body as an image" />
    case 'form':
      return <FieldRows fields={form ?? []} />
    case 'multipart':
      return (
        <>
          {parts?.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </>
      )
    case 'json':
      return <Text text={text} isJson />
    case 'empty':
    case 'xml':
    case 'text':
    case 'hex':
      return <Text text={text} />
  }
}

function Part({
  part: { name, fileName, mediaType, bytes, text },
}: {
  part: PartView
}): JSX.Element {
  return (
    <div class="part">
      <p class="bar">
        <span>
          <strong>{name}</strong> {fileName} · {mediaType} · {formatBytes(bytes)}
        </span>
      </p>
      <Text text={text} />
    </div>
  )
}

/** A browser lays out so much without a pause. */
const firstLines = 400
const firstChars = 100_000

function Text({ text, isJson = false }: { text: string; isJson?: boolean }): JSX.Element {
  const [isWhole, setWhole] = useState(false)
  const first = text.slice(0, firstChars).split('\n', firstLines).join('\n')
  const shown = isWhole ? text : first
  return (
    <>
      <pre tabIndex={0}>{isJson ? <JsonText text={shown} /> : shown}</pre>
      {shown.length < text.length && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          Show all of it
        </button>
      )}
    </>
  )
}
