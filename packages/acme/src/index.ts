export {
  type AcmeDirectory,
  parseAcmeDirectory,
  parseAcmeProfile,
  parseChallenges,
  parseEmailAddress,
  whyNotCertified,
} from './acme-settings.ts'
export { type Refusal, refusalOf } from './authority-error.ts'
export { type Ask, type AuthorityLinkOptions, createAuthorityLink } from './authority-link.ts'
export { Authority, type AuthorityOptions } from './authority.ts'
export {
  CertificateKeeper,
  type KeeperClock,
  type KeeperOptions,
  type KeptCertificate,
} from './certificate-keeper.ts'
export { createCertificateRequest } from './certificate-request.ts'
export { type CertificateVault, directoryId, openAuthority } from './open-authority.ts'
export {
  type Challenge,
  type ChallengeResponder,
  type ChallengeType,
  challengeRecord,
  type DoorChallengeType,
  challengeServerName,
  challengeTypes,
  createChallengeCertificate,
  reverseName,
} from './challenge.ts'
export { maxOrganizationChars } from './limits.ts'
export { orderCertificate, type OrderOptions } from './order.ts'
export { type CertificateSubject, createSelfSigned, generateTlsKey } from './self-signed.ts'
