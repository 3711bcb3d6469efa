// What the agent answers, asked again and again while the view is open.
import { useEffect, useState } from 'preact/hooks'
import { askJson } from './session.ts'

const everyMs = 2_000

/** Undefined before the first answer; the last one while the agent does not answer. */
export function usePolled<T>(path: string): T | undefined {
  const [value, setValue] = useState<T>()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    let isGone = false
    const load = async (): Promise<void> => {
      const next = await askJson<T>(path).catch(() => undefined)
      if (isGone) return
      if (next !== undefined) setValue(() => next)
      timer = setTimeout(() => void load(), everyMs)
    }
    void load()
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [path])
  return value
}
