// The bootstrap as it really is: keys, user-data, claim, join string.
import { randomBytes } from 'node:crypto'
import {
  computePin,
  formatJoinString,
  generateAgentKey,
  parseToken,
  SallyportError,
} from '@sallyport/protocol'
import type { Bootstrap, Handover } from './bootstrap.ts'
import { awaitRelay, claimInstance, deliveryDigest } from './claim.ts'
import { redeliver } from './redelivery.ts'
import { createConfiguration, ownCertificate, spkiOf } from './configuration.ts'
import { nodeRelease } from './node-release.ts'
import { launcherSource, stage0Source } from './stage0-source.ts'
import type { Claim } from './state-file.ts'
import { createUserData } from './user-data.ts'

export interface RelayBootstrapOptions {
  /** Reads the relay as one file of JavaScript. */
  readonly readBundle: () => Buffer
  readonly note: (message: string) => void
}

const claimSecretBytes = 32

export function createRelayBootstrap(options: RelayBootstrapOptions): Bootstrap {
  return {
    check(settings) {
      options.readBundle()
      ownCertificate(settings)
    },

    createClaim(): Claim {
      return {
        deployKey: generateAgentKey().token.reveal(),
        secret: randomBytes(claimSecretBytes).toString('base64url'),
        committed: false,
      }
    },

    createUserData(settings, claim, now) {
      const { ttlSeconds, endWhenIdleSeconds } = settings
      return createUserData({
        relayPort: settings.relayPort,
        deployKey: parseToken(claim.deployKey, 'state file').publicKey,
        secret: claim.secret ?? '',
        stage0: stage0Source(),
        launcher: launcherSource(),
        endsAt:
          ttlSeconds === undefined ? undefined : Math.floor(now.getTime() / 1_000) + ttlSeconds,
        idleMinutes: endWhenIdleSeconds === undefined ? undefined : endWhenIdleSeconds / 60,
        node: { ...nodeRelease, mirrors: settings.nodeMirrors ?? nodeRelease.mirrors },
      })
    },

    async claim(handover) {
      const { claim, save } = handover
      const delivery = prepare(handover, options.readBundle())
      let spki = claim.spki
      await claimInstance(targetOf(handover), {
        ...delivery,
        deployKey: parseToken(claim.deployKey, 'state file'),
        secret: claim.secret ?? '',
        spki,
        relaySpki: own(handover),
        note(shown) {
          spki = shown
          save({ claim: { ...claim, spki } })
        },
      })
      const identity = own(handover) ?? spki
      if (identity === undefined) throw new SallyportError('SP_INTERNAL', 'a claim without a key')
      // K has done its work; the key of the relay that took over is what counts now.
      save({
        claim: {
          deployKey: claim.deployKey,
          spki: identity,
          committed: true,
          delivered: digestOf(delivery),
        },
        joinString: joinString(handover, delivery.agent, identity),
      })
      await awaitRelay(targetOf(handover), identity)
    },

    async deliver(handover) {
      const { claim, endpoint, settings, save } = handover
      const spki = claim.spki ?? ''
      const isThere = () => awaitRelay(targetOf(handover), spki)
      await isThere()
      const delivery = prepare(handover, options.readBundle())
      save({ joinString: joinString(handover, delivery.agent, spki) })
      const delivered = digestOf(delivery)
      if (claim.delivered === delivered) return
      if (await redeliver(handover, delivery.bundle, isThere)) {
        save({ claim: { ...claim, delivered } })
      } else {
        options.note(
          `the relay at ${endpoint}:${settings.relayPort} has no deploy door: it keeps the bundle and settings that it was claimed with; run down and up to change them`,
        )
      }
    },
  }
}

function prepare(handover: Handover, bundle: Buffer) {
  const { settings, state, claim, endpoint, address, save } = handover
  const token = state.agentToken ?? generateAgentKey().token.reveal()
  if (state.agentToken === undefined) save({ agentToken: token })
  const agent = parseToken(token, 'state file')
  const { publicKey } = parseToken(claim.deployKey, 'state file')
  const configuration = createConfiguration(settings, endpoint, address, agent, publicKey)
  return { bundle, configuration, agent }
}

function digestOf(delivery: { readonly bundle: Buffer; readonly configuration: Buffer }): string {
  return deliveryDigest(delivery.bundle, delivery.configuration).toString('hex')
}

/** Where KEY_FILE is given, that key is the relay's. */
function own({ settings }: Handover): string | undefined {
  const pair = ownCertificate(settings)
  return pair === undefined ? undefined : spkiOf(pair.key)
}

function joinString(
  { endpoint, settings }: Handover,
  key: ReturnType<typeof parseToken>,
  spki: string,
): string {
  const pin = computePin(Buffer.from(spki, 'base64url'))
  return formatJoinString({ host: endpoint, port: settings.relayPort, pin, key }).reveal()
}

function targetOf({ settings, address, signal, isRunning, consoleTail }: Handover) {
  const { relayPort: port, pollSeconds, claimSeconds } = settings
  return { address, port, pollSeconds, claimSeconds, signal, isRunning, consoleTail }
}
