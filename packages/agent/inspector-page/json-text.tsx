// JSON with its keys and strings told apart.
import type { JSX } from 'preact'

/** Above it, colours cost more than they help. */
const maxChars = 100_000

export function JsonText({ text }: { readonly text: string }): JSX.Element {
  if (text.length > maxChars) return <>{text}</>
  return (
    <>
      {text.split(/("(?:[^"\\]|\\.)*"(?=:)|"(?:[^"\\]|\\.)*")/).map((piece, index, pieces) => {
        if (index % 2 === 0) return piece
        const isKey = pieces[index + 1]?.startsWith(':') === true
        return (
          <span key={index} class={isKey ? 'key' : 'string'}>
            {piece}
          </span>
        )
      })}
    </>
  )
}
