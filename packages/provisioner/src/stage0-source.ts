// The text of stage 0 as it goes into user-data: the file itself, without its comments.
import { readFileSync } from 'node:fs'

export function stage0Source(): string {
  const text = readFileSync(new URL('./stage0/stage0.mjs', import.meta.url), 'utf8')
  return text
    .replaceAll(/\/\*\*.*?\*\//gs, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}
