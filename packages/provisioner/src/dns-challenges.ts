// Answers an authority's dns-01 challenges in the stack's hosted zone (RFC 8555 §8.4): a TXT value for each,
// beside those that somebody else may have there, and taken out again.
import type { Change } from '@aws-sdk/client-route-53'
import { type Challenge, type ChallengeResponder, challengeRecord } from '@sallyport/acme'
import type { Cloud } from './cloud.ts'
import { challengeTtlSeconds } from './limits.ts'
import { awaitChange, changeRecords, recordsAt } from './records.ts'

export class DnsChallenges implements ChallengeResponder {
  readonly types = ['dns-01'] as const
  readonly #cloud: Cloud
  readonly #zoneId: string

  constructor(cloud: Cloud, zoneId: string) {
    this.#cloud = cloud
    this.#zoneId = zoneId
  }

  /** Resolves when all servers of the zone answer with it. */
  async present(challenge: Challenge): Promise<void> {
    const { name, value } = challengeRecord(challenge)
    const quoted = `"${value}"`
    const changeId = await this.#change(name, (values) => [...values, quoted])
    if (changeId !== undefined) await awaitChange(this.#cloud, changeId)
  }

  async withdraw(challenge: Challenge): Promise<void> {
    const { name, value } = challengeRecord(challenge)
    await this.#change(name, (values) => values.filter((one) => one !== `"${value}"`))
  }

  async #change(
    name: string,
    edit: (values: readonly string[]) => readonly string[],
  ): Promise<string | undefined> {
    const standing = (await recordsAt(this.#cloud, this.#zoneId, name)).find(
      ({ Type }) => Type === 'TXT',
    )
    const before = (standing?.ResourceRecords ?? []).map(({ Value }) => Value ?? '')
    const values = edit(before)
    const set = {
      Name: name,
      Type: 'TXT' as const,
      TTL: challengeTtlSeconds,
      ResourceRecords: values.map((Value) => ({ Value })),
    }
    const changes: Change[] =
      values.length > 0
        ? [{ Action: 'UPSERT', ResourceRecordSet: set }]
        : standing === undefined
          ? []
          : [{ Action: 'DELETE', ResourceRecordSet: standing }]
    if (changes.length === 0) return undefined
    return await changeRecords(this.#cloud, this.#zoneId, changes)
  }
}
