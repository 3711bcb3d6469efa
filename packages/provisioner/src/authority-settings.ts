// Which authority certifies the stack's name, from the environment: SALLYPORT_ACME_DIRECTORY and the like.
import { readFileSync } from 'node:fs'
import { type AcmeDirectory, parseAcmeDirectory, parseEmailAddress } from '@sallyport/acme'
import { badInput } from '@sallyport/protocol'
import type { Setting } from './env-file.ts'

export interface AuthoritySettings {
  readonly directory: AcmeDirectory
  readonly email: string | undefined
  /** PEM of who issued its own certificate; default: whom the system trusts. */
  readonly ca: string | undefined
}

/** @throws {SallyportError} SP_CONFIG. */
export function parseAuthority(read: (name: string) => Setting | undefined): AuthoritySettings {
  const directory = read('SALLYPORT_ACME_DIRECTORY') ?? { value: 'letsencrypt', where: 'default' }
  const email = read('SALLYPORT_ACME_EMAIL')
  const caFile = read('SALLYPORT_ACME_CA_FILE')
  return {
    directory: parseAcmeDirectory(directory.value, directory.where, 'SP_CONFIG'),
    email: email && parseEmailAddress(email.value, email.where, 'SP_CONFIG'),
    ca: caFile && readAuthorities(caFile),
  }
}

function readAuthorities({ value, where }: Setting): string {
  try {
    return readFileSync(value, 'utf8')
  } catch {
    const right = 'a readable file of PEM certificates'
    throw badInput('SP_CONFIG', { what: 'authorities', where, value, right })
  }
}
