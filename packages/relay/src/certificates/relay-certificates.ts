// All certificates of a relay that serves: files and its own, and behind them those that an authority
// issues for the names that agents hold.
import { readFile } from 'node:fs/promises'
import { type KeeperClock, openAuthority } from '@sallyport/acme'
import { badInput } from '@sallyport/protocol'
import { fileErrorCode, openPrivateFiles } from '@sallyport/settings'
import type { AcmeConfig } from '../config.ts'
import type { Relay } from '../relay-options.ts'
import { version } from '../version.ts'
import { AcmeCertificates } from './acme-certificates.ts'
import { ChallengeAnswers } from './challenge-answers.ts'
import {
  type VisitorCertificates,
  type VisitorCertificatesOptions,
  startVisitorCertificates,
} from './visitor-certificates.ts'

export interface RelayCertificatesOptions extends VisitorCertificatesOptions {
  readonly acme: AcmeConfig | undefined
  readonly random: () => number
}

export interface RelayCertificates extends VisitorCertificates {
  /** For authorities that come to the doors. */
  readonly answers: ChallengeAnswers
  /** An agent was granted the name. */
  want(name: string): void
  /** The doors are open: orders may begin. */
  begin(relay: Pick<Relay, 'isNameServed' | 'httpPort'>): void
}

/** @throws {SallyportError} SP_CONFIG, SP_STATE. */
export async function startRelayCertificates(
  options: RelayCertificatesOptions,
): Promise<RelayCertificates> {
  const { acme: config, state, host, clock, now, random, onEvent, onWarning } = options
  const answers = new ChallengeAnswers(config?.challenges ?? [], () => new Date(now()))
  const vault = openPrivateFiles(state.file('acme'))
  const ca = config && (await readAuthorities(config))
  const authority =
    config &&
    (await openAuthority({
      directoryUrl: config.directory.url,
      email: config.email,
      ca,
      vault,
      now,
      userAgent: `sallyport-relay/${version}`,
    }))
  const visitors = await startVisitorCertificates(options)
  let acme: AcmeCertificates | undefined
  const wanted = new Set([host])
  const wallClock: KeeperClock = {
    now,
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  }

  return {
    ...visitors,
    answers,
    want(name) {
      if (acme) acme.want(name)
      else wanted.add(name)
    },
    begin({ isNameServed, httpPort }) {
      if (!config || !authority) return
      // On port 80 nobody would answer.
      if (httpPort === undefined) answers.types = answers.types.filter((one) => one !== 'http-01')
      acme = new AcmeCertificates({
        config,
        authority,
        vault,
        host,
        store: visitors.store,
        answers,
        clock: wallClock,
        random,
        onEvent,
        onWarning,
        isNameServed,
        onChange: () => visitors.look(),
      })
      for (const name of wanted) acme.want(name)
    },
    [Symbol.dispose]() {
      acme?.[Symbol.dispose]()
      visitors[Symbol.dispose]()
    },
  }
}

async function readAuthorities({ caFile, ca }: AcmeConfig): Promise<string | undefined> {
  if (caFile === undefined) return ca
  try {
    // A system's bundle of authorities has 200 KiB.
    return await readFile(caFile, 'utf8')
  } catch (error) {
    throw badInput('SP_CONFIG', {
      what: 'authorities',
      where: '--acme-ca-file',
      value: caFile,
      right: `a file that can be read (${fileErrorCode(error)})`,
    })
  }
}
