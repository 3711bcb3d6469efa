// An authority with our account there, whose key is made at the first time and kept.
import { createHash } from 'node:crypto'
import { acmeError } from './authority-error.ts'
import { type AuthorityLinkOptions, createAuthorityLink } from './authority-link.ts'
import { Authority } from './authority.ts'
import { AccountKey } from './jws.ts'

/** Where keys and certificates are kept: files that nobody else reads, replaced whole or not at all. */
export interface CertificateVault {
  /** Undefined when there is none of that name. */
  read(name: string): Promise<string | undefined>
  write(name: string, text: string): Promise<void>
}

export interface OpenAuthorityOptions extends AuthorityLinkOptions {
  readonly directoryUrl: string
  readonly email?: string | undefined
  readonly vault: CertificateVault
  /** Milliseconds since 1970. */
  now(): number
}

/** @throws {SallyportError} SP_ACME for a damaged account key; what the vault throws. */
export async function openAuthority(options: OpenAuthorityOptions): Promise<Authority> {
  const { directoryUrl, email, vault, now } = options
  const name = `account-${directoryId(directoryUrl)}.key`
  let pem = await vault.read(name)
  if (pem === undefined) {
    pem = AccountKey.generate()
    await vault.write(name, pem)
  }
  return new Authority({
    directoryUrl,
    email,
    now,
    ask: createAuthorityLink(options),
    key: readKey(pem, name),
  })
}

/** Tells the files of one authority from those of another: staging's never stand for the true ones. */
export function directoryId(directoryUrl: string): string {
  return createHash('sha256').update(directoryUrl).digest('hex').slice(0, 8)
}

function readKey(pem: string, name: string): AccountKey {
  try {
    return new AccountKey(pem)
  } catch {
    throw acmeError(`the account key in ${name} is damaged: remove it, and another account is made`)
  }
}
