// The texts of stage 0 and of the launcher as they go into user-data: the files themselves, without
// their comments.
import { readFileSync } from 'node:fs'

export function stage0Source(): string {
  return sourceOf('stage0.mjs')
}

export function launcherSource(): string {
  return sourceOf('launch.mjs')
}

function sourceOf(name: string): string {
  const text = readFileSync(new URL(`./stage0/${name}`, import.meta.url), 'utf8')
  return text
    .replaceAll(/\/\*\*.*?\*\//gs, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}
