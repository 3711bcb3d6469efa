// For what tells nobody when it is ready: asked again until it answers, with an end.
import { setTimeout as delay } from 'node:timers/promises'

/** What `attempt` gives once it does not throw; after `ms` its last error. */
export async function retry<T>(attempt: () => Promise<T>, ms = 30_000): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > until) throw error
      await delay(50)
    }
  }
}
