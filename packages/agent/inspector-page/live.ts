// The list as it lives: a stream of lines from the agent, opened again whenever it breaks or the filter
// changes. A fresh stream begins with everything, so nothing is patched together.
import { useEffect, useState } from 'preact/hooks'
import type { ExchangeSummary, LiveMessage } from '../src/inspector/wire.ts'
import { RefusedError, ask, fromAgent } from './session.ts'

export interface Live {
  readonly exchanges: readonly ExchangeSummary[]
  readonly state: 'connecting' | 'live' | 'lost'
  /** Why the filter was not taken. */
  readonly problem?: string
}

/** Rows in the page, as many as the agent sends at first. */
const maxRows = 500
const retryMs = 1_000
/** The agent speaks every 5 s; twice that and some is silence. */
const silenceMs = 12_000

export function useLive(query: string, onTokenRefused: () => void): Live {
  const [live, setLive] = useState<Live>({ exchanges: [], state: 'connecting' })
  useEffect(() => {
    const leaving = new AbortController()
    void follow(query, leaving.signal, setLive, onTokenRefused)
    return () => leaving.abort()
  }, [query])
  return live
}

type Update = (change: (live: Live) => Live) => void

async function follow(
  query: string,
  signal: AbortSignal,
  update: Update,
  onTokenRefused: () => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await readStream(query, signal, update)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof RefusedError && error.status === 401) return onTokenRefused()
      if (error instanceof RefusedError && error.status === 400) {
        const problem = error.message
        return update(() => ({ exchanges: [], state: 'live', problem }))
      }
    }
    if (signal.aborted) return
    update(({ exchanges }) => ({ exchanges, state: 'lost' }))
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

async function readStream(query: string, signal: AbortSignal, update: Update): Promise<void> {
  const silent = new AbortController()
  const watch = (): ReturnType<typeof setTimeout> => setTimeout(() => silent.abort(), silenceMs)
  let timer = watch()
  try {
    const both = AbortSignal.any([signal, silent.signal])
    const response = await ask(`/api/live?${query}`, { signal: both })
    if (!response.body) return
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = watch()
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const message = fromAgent<LiveMessage>(line)
        update((live) => applyMessage(live, message))
      }
    }
  } finally {
    clearTimeout(timer)
  }
}

/** What a message makes of the list. */
export function applyMessage(live: Live, message: LiveMessage): Live {
  switch (message.type) {
    case 'snapshot':
      return { exchanges: message.exchanges, state: 'live' }
    case 'cleared':
      return { exchanges: [], state: 'live' }
    case 'alive':
      return live.state === 'live' ? live : { ...live, state: 'live' }
    case 'changed': {
      const fresh = new Map(message.exchanges.map((exchange) => [exchange.id, exchange]))
      const gone = new Set(message.gone)
      const kept = live.exchanges
        .filter(({ id }) => !gone.has(id))
        .map((exchange) => {
          const changed = fresh.get(exchange.id)
          fresh.delete(exchange.id)
          return changed ?? exchange
        })
      const added = [...fresh.values()]
      const exchanges = [...added, ...kept].sort((one, other) => Number(other.id) - Number(one.id))
      return { exchanges: exchanges.slice(0, maxRows), state: 'live' }
    }
  }
}
