// AWS's errors, told apart by name (not by message) and turned into ours with the next step.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
import { isSallyportError, SallyportError, type ErrorCode } from '@sallyport/protocol'
import { statementsFor } from './iam-policy.ts'

interface Rule {
  readonly code: ErrorCode
  /** What to do next. */
  readonly next: string
}

const credentials = (next: string): Rule => ({ code: 'SP_AWS_CREDENTIALS', next })
const quota = (what: string): Rule => ({
  code: 'SP_AWS_QUOTA',
  next: `run provisioner list --all-regions for what stands, or ask for a higher quota of ${what} (Service Quotas)`,
})
const capacity: Rule = {
  code: 'SP_AWS_CAPACITY',
  next: 'set another INSTANCE_TYPE or AWS_REGION_NAME, or try later',
}
const throttled: Rule = { code: 'SP_AWS_UNREACHABLE', next: 'wait a minute and run it again' }
const image: Rule = {
  code: 'SP_AWS_IMAGE',
  next: 'take IMAGE_ID away to use the newest Ubuntu, or set one of this region',
}
const network = (next: string): Rule => ({ code: 'SP_AWS_NETWORK', next })

const setKeys =
  'set AWS_ACCESS_KEY and AWS_SECRET_KEY, or configure a profile (aws configure, aws login)'

const rules: Readonly<Record<string, Rule>> = {
  CredentialsProviderError: credentials(setKeys),
  TokenProviderError: credentials(setKeys),
  AuthFailure: credentials('check the access key, the secret key and this machine’s clock'),
  InvalidClientTokenId: credentials('check AWS_ACCESS_KEY: AWS does not know it'),
  UnrecognizedClientException: credentials('check AWS_ACCESS_KEY: AWS does not know it'),
  SignatureDoesNotMatch: credentials('check AWS_SECRET_KEY: it does not belong to the access key'),
  MissingAuthenticationToken: credentials(setKeys),
  ExpiredToken: credentials('sign in again: the session has ended'),
  ExpiredTokenException: credentials('sign in again: the session has ended'),
  RequestExpired: credentials('set this machine’s clock, or sign in again'),
  OptInRequired: credentials('sign the account up for EC2, or enable the region, in the console'),
  PendingVerification: credentials('wait until AWS has verified the account'),
  Blocked: credentials('write to AWS support: the account is blocked'),
  InsufficientInstanceCapacity: capacity,
  InsufficientHostCapacity: capacity,
  InsufficientCapacity: capacity,
  Unsupported: capacity,
  VcpuLimitExceeded: quota('running on-demand instances'),
  InstanceLimitExceeded: quota('running instances'),
  AddressLimitExceeded: quota('Elastic IPs'),
  SecurityGroupLimitExceeded: quota('security groups'),
  RulesPerSecurityGroupLimitExceeded: quota('rules in a security group'),
  VPCIdNotSpecified: network('set --subnet, or make one with aws ec2 create-default-vpc'),
  DefaultVpcDoesNotExist: network('set --subnet, or make one with aws ec2 create-default-vpc'),
  'InvalidSubnetID.NotFound': network('set --subnet to a subnet of this region'),
  InsufficientFreeAddressesInSubnet: network('set --subnet to one that has free addresses'),
  'InvalidAMIID.NotFound': image,
  'InvalidAMIID.Unavailable': image,
  'InvalidAMIID.Malformed': image,
  'InvalidGroup.Duplicate': {
    code: 'SP_AWS_NAME_TAKEN',
    next: 'set SECURITY_GROUP to another name: the group of that name is not ours',
  },
  RequestLimitExceeded: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  PriorRequestNotComplete: throttled,
  ServiceUnavailable: throttled,
  Unavailable: throttled,
  InternalError: throttled,
  TimeoutError: { code: 'SP_AWS_UNREACHABLE', next: 'check the network and run it again' },
  NoSuchHostedZone: {
    code: 'SP_DNS_ZONE',
    next: 'check HOSTED_ZONE, or use --host for DNS kept elsewhere',
  },
  InvalidChangeBatch: {
    code: 'SP_DNS_RECORD',
    next: 'something else changed these records at the same time: run it again',
  },
}

const denied = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'])
const offline = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

/** The name of whatever AWS or the network threw; '' for what is no error. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** True for "there is no such thing" of any resource: success for who deletes. */
export function isNotFound(error: unknown): boolean {
  const name = errorName(error)
  return name.endsWith('.NotFound') || name === 'NoSuchHostedZone'
}

/** A launch needs ec2:CreateTags too, and which of them was missing stands only in AWS's words. */
function lackingAction(error: unknown): string | undefined {
  const said = error instanceof Error ? error.message : ''
  const [, action = ''] = /is not authorized to perform: (\w+:\w+)/.exec(said) ?? []
  return statementsFor(action).length > 0 ? action : undefined
}

/** For `.catch()` of one request: throws ours. `action` is its IAM name, like ec2:RunInstances. */
export function explain(action: string, doing: string): (error: unknown) => never {
  return (error) => {
    throw translateAwsError(error, action, doing)
  }
}

/** The same error as one of ours; one that is ours already, or an abort, passes unchanged. */
export function translateAwsError(error: unknown, action: string, doing: string): unknown {
  if (isSallyportError(error) || errorName(error) === 'AbortError') return error
  const name = errorName(error)
  if (denied.has(name)) {
    const lacking = lackingAction(error) ?? action
    const add = statementsFor(lacking).map((one) => JSON.stringify(one))
    return new SallyportError(
      'SP_AWS_DENIED',
      `cannot ${doing}: the credentials lack ${lacking}; add this to their policy (all of it: provisioner iam-policy): ${add.join(', ')}`,
      { cause: error },
    )
  }
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
  if (rule !== undefined) {
    return new SallyportError(rule.code, `cannot ${doing} (${name}); ${rule.next}`, {
      cause: error,
    })
  }
  if (error instanceof Error && 'code' in error && offline.has(String(error.code))) {
    return new SallyportError(
      'SP_AWS_UNREACHABLE',
      `cannot ${doing}: no connection to AWS (${String(error.code)}); check the network and the region, and run it again`,
      { cause: error },
    )
  }
  const told = error instanceof Error ? `${name}: ${error.message}` : String(error)
  return new SallyportError(
    'SP_AWS_FAILED',
    `cannot ${doing} (${told}); run it again, or provisioner down to remove what stands`,
    { cause: error },
  )
}
