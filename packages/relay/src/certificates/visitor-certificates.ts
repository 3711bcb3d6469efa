// Where visitors' certificates come from while the relay serves: files, watched, before the relay's own.
// A file that is wrong changes nothing: what was good is kept.
import type { Clock, Timer } from '@sallyport/mux'
import { isSallyportError } from '@sallyport/protocol'
import { watchFile } from '@sallyport/settings'
import { certificateLookMs } from '../limits.ts'
import type { CertificateState, RelayEvent } from '../relay-event.ts'
import type { RelayIdentity } from '../relay-identity.ts'
import type { StateDirectory } from '../state-directory.ts'
import { type CertificateFiles, readCertificateFiles } from './certificate-files.ts'
import type { CertificatePair } from './certificate-pair.ts'
import { CertificateStore } from './certificate-store.ts'
import { ExpiryWatch, expiryState } from './expiry-watch.ts'
import { keepOwnCertificate } from './own-certificate.ts'

export interface VisitorCertificatesOptions {
  readonly clock: Clock
  readonly state: StateDirectory
  readonly identity: RelayIdentity
  readonly host: string
  readonly files: readonly CertificateFiles[]
  /** Milliseconds since 1970. */
  now(): number
  onEvent(event: RelayEvent): void
  onWarning(text: string): void
}

export interface VisitorCertificates extends Disposable {
  readonly store: CertificateStore
  /** Tells what there is. From then on every change is told. */
  announce(): void
  /** Tells of certificates that end soon, also of those that somebody else put into the store. */
  look(): void
  /** Reads the files again, or others. Never rejects: what is wrong is told, and changes nothing. */
  reload(files: readonly CertificateFiles[]): Promise<void>
}

/** @throws {SallyportError} SP_CONFIG for a file that cannot be used, SP_STATE. */
export async function startVisitorCertificates(
  options: VisitorCertificatesOptions,
): Promise<VisitorCertificates> {
  const { clock, state, identity, host, now, onEvent, onWarning } = options
  const first = await readCertificateFiles(options.files, host, now())
  const fallback = await keepOwnCertificate(state, identity, host, new Date(now()))
  const store = new CertificateStore({ host, now, fallback })
  const expiry = new ExpiryWatch()
  let files = options.files
  let watches: readonly Disposable[] = []
  let last = Promise.resolve()
  let shown = ''
  let known: ReadonlySet<string> = new Set()
  let timer: Timer | undefined

  function tell({ source, names, validToMs }: CertificatePair, what: CertificateState): void {
    const validTo = new Date(validToMs).toISOString()
    onEvent({ event: 'certificate', state: what, source, names, validTo })
  }

  function look(): void {
    for (const pair of expiry.look(store.list(), now())) {
      tell(pair, expiryState(pair, now()) === 'expired' ? 'expired' : 'expiring')
    }
  }

  /** Every hour, because certificates age by the wall's clock, and machines sleep. */
  function lookLater(): void {
    timer = clock.setTimeout(() => {
      last = last.then(renewOwn).then(() => {
        store.refresh()
        look()
      })
      lookLater()
    }, certificateLookMs)
  }

  async function renewOwn(): Promise<void> {
    try {
      const own = await keepOwnCertificate(state, identity, host, new Date(now()))
      store.replace('self-signed', [own])
    } catch (error) {
      if (!isSallyportError(error)) throw error
      onWarning(error.message)
    }
  }

  function use({ pairs, warnings }: Awaited<ReturnType<typeof readCertificateFiles>>): void {
    store.replace('files', pairs)
    const text = warnings.join('\n')
    if (text !== shown) for (const warning of warnings) onWarning(warning)
    shown = text
    for (const pair of pairs) if (!known.has(pair.leaf.fingerprint256)) tell(pair, 'loaded')
    known = new Set(pairs.map(({ leaf }) => leaf.fingerprint256))
    look()
  }

  function follow(): void {
    for (const one of watches) one[Symbol.dispose]()
    const paths = new Set(files.flatMap(({ certFile, keyFile }) => [certFile, keyFile]))
    watches = [...paths].map((path) => watchFile(path, () => void reload(files)))
  }

  async function reloadNow(wanted: readonly CertificateFiles[]): Promise<void> {
    try {
      use(await readCertificateFiles(wanted, host, now()))
    } catch (error) {
      if (!isSallyportError(error)) throw error
      onWarning(`the certificates stay as they were: ${error.message}`)
      return
    }
    const isOther = JSON.stringify(wanted) !== JSON.stringify(files)
    files = wanted
    if (isOther) follow()
  }

  const reload = (wanted: readonly CertificateFiles[]): Promise<void> =>
    (last = last.then(() => reloadNow(wanted)))

  store.replace('files', first.pairs)
  follow()
  lookLater()
  return {
    store,
    announce: () => use(first),
    look,
    reload,
    [Symbol.dispose]() {
      for (const one of watches) one[Symbol.dispose]()
      if (timer) clock.clearTimeout(timer)
    },
  }
}
