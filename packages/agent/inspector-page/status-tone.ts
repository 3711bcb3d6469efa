// How a status looks: the same in the list and in the detail.
import type { ExchangeSummary } from '../src/inspector/wire.ts'

export type Tone = 'waiting' | 'good' | 'moved' | 'warning' | 'bad'

export function toneOf({ status, error }: ExchangeSummary): Tone {
  if (status === undefined) return error ? 'bad' : 'waiting'
  if (status >= 500 || error) return 'bad'
  if (status >= 400) return 'warning'
  if (status >= 300) return 'moved'
  return 'good'
}

export function statusText({ status, error }: ExchangeSummary): string {
  return status === undefined ? (error ? 'failed' : '···') : String(status)
}
