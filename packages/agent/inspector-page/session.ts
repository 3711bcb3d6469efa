// The token of this run of the agent, and requests that carry it. It comes behind the `#` of the link,
// which is never sent, and stays in this tab: no cookie, so that no other site can use it.

const storageKey = 'sallyport-inspector-token'

/** Takes the token out of the address, before anybody sees or copies it. */
export function takeToken(): void {
  const given = location.hash.slice(1)
  if (given === '' || given.startsWith('/')) return
  setToken(given)
  history.replaceState(null, '', '#/requests')
}

export function setToken(token: string): void {
  sessionStorage.setItem(storageKey, token)
}

export function hasToken(): boolean {
  return sessionStorage.getItem(storageKey) !== null
}

export function dropToken(): void {
  sessionStorage.removeItem(storageKey)
}

export class RefusedError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** @throws {RefusedError} with what the agent said. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${sessionStorage.getItem(storageKey) ?? ''}`)
  const response = await fetch(path, { ...init, headers })
  if (response.ok) return response
  const text = await response.text()
  const isJson = response.headers.get('Content-Type') === 'application/json'
  const { msg = response.statusText } = isJson ? fromAgent<{ readonly msg?: string }>(text) : {}
  throw new RefusedError(response.status, msg)
}

/** JSON of the agent that served this page: both are built from src/inspector/wire.ts. */
export function fromAgent<T>(text: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same build wrote it
  return JSON.parse(text) as T
}

export async function askJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  return fromAgent<T>(await (await ask(path, init)).text())
}

export async function postJson<T>(path: string, value: unknown): Promise<T> {
  return await askJson<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(value),
  })
}

/** Saves what a path answers as a file. */
export async function save(path: string, fileName: string): Promise<void> {
  const blob = await (await ask(path)).blob()
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = fileName
  link.click()
  URL.revokeObjectURL(link.href)
}
