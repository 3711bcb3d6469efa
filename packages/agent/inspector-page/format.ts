// Figures for people.

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  for (const [unit, size] of [
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    if (bytes < size * 999.5) return `${short(bytes / size)} ${unit}`
  }
  return `${short(bytes / 1e12)} TB`
}

export function formatDuration(ms: number): string {
  if (ms < 0.95) return `${Math.max(0.1, Math.round(ms * 10) / 10)} ms`
  if (ms < 999.5) return `${short(ms)} ms`
  if (ms < 59_950) return `${short(ms / 1_000)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** Two digits that matter at least, no more than one after the point. */
function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value))
}

/** Of today without the day. */
export function formatTime(ms: number): string {
  const date = new Date(ms)
  const time = date.toLocaleTimeString(undefined, { hour12: false })
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString()} ${time}`
}
