// The keys, in a dialog.
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const keys = [
  ['1 2 3', 'Requests, connections, status'],
  ['j k ↓ ↑', 'Next and previous request'],
  ['Enter', 'Into the request'],
  ['Esc', 'Back to the list'],
  ['/', 'Filter'],
  ['r', 'Replay'],
  ['e', 'Replay with edits; Ctrl+Enter sends'],
  ['d', 'Compare: choose this one, then another'],
  ['c', 'Copy as curl'],
  ['?', 'This list'],
] as const

export function Help({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <dl>
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </dialog>
  )
}
