// Shown when the page was opened without the link that the agent printed.
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { setToken } from './session.ts'

export function TokenGate({ onToken }: { readonly onToken: () => void }): JSX.Element {
  const [text, setText] = useState('')
  const open = (event: Event): void => {
    event.preventDefault()
    const token = text.trim().split('#').at(-1) ?? ''
    if (token === '') return
    setToken(token)
    onToken()
  }
  return (
    <main class="gate">
      <h1>Open the link that the agent printed</h1>
      <p>
        It ends with a token that is new each time the agent starts, so that neither other sites in
        this browser nor other people on this machine can read your traffic. Or paste it here:
      </p>
      <form onSubmit={open}>
        <label>
          Link or token
          <input
            type="password"
            autoFocus
            autocomplete="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </main>
  )
}
