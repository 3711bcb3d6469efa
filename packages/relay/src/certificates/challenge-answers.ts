// What an authority finds at the relay's doors while it looks whether a name is ours.
import { type SecureContext, createSecureContext } from 'node:tls'
import {
  type Challenge,
  type ChallengeResponder,
  type ChallengeType,
  challengeServerName,
  createChallengeCertificate,
} from '@sallyport/acme'
import { visitorPolicy } from '../tls-policy.ts'

export class ChallengeAnswers implements ChallengeResponder {
  types: readonly ChallengeType[]
  readonly #now: () => Date
  /** By token. */
  readonly #texts = new Map<string, string>()
  /** By the name that the authority asks for. */
  readonly #contexts = new Map<string, SecureContext>()

  constructor(types: readonly ChallengeType[], now: () => Date) {
    this.types = types
    this.#now = now
  }

  present(challenge: Challenge): void {
    if (challenge.type === 'http-01') {
      this.#texts.set(challenge.token, challenge.keyAuthorization)
      return
    }
    const made = createChallengeCertificate(challenge, this.#now())
    const context = createSecureContext({ ...visitorPolicy, ...made })
    this.#contexts.set(challengeServerName(challenge.name), context)
  }

  withdraw({ type, name, token }: Challenge): void {
    if (type === 'http-01') this.#texts.delete(token)
    else this.#contexts.delete(challengeServerName(name))
  }

  textOf(token: string): string | undefined {
    return this.#texts.get(token)
  }

  contextOf(serverName: string): SecureContext | undefined {
    return this.#contexts.get(serverName)
  }
}
