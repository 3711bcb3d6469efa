// Short words to the person, at the foot of the page, gone by themselves.
import { useCallback, useRef, useState } from 'preact/hooks'

export type Say = (text: string) => void

const sayMs = 4_000

export function useSaying(): readonly [said: string, say: Say] {
  const [said, setSaid] = useState('')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const say = useCallback((text: string) => {
    clearTimeout(timer.current)
    setSaid(text)
    timer.current = setTimeout(() => setSaid(''), sayMs)
  }, [])
  return [said, say]
}
