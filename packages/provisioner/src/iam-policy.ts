// The least that the credentials must be allowed, printed by `provisioner iam-policy`. A test holds
// it against the SDK commands that the sources import, so that neither grows alone.
// Keys: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
import { managedByTag } from './tags.ts'

export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >
}

const requestTag = { [`aws:RequestTag/${managedByTag.key}`]: managedByTag.value }
const resourceTag = { [`aws:ResourceTag/${managedByTag.key}`]: managedByTag.value }
const ec2 = (kind: string) => `arn:aws:ec2:*:*:${kind}/*`

const statements: readonly Statement[] = [
  {
    Sid: 'Look',
    Effect: 'Allow',
    // None of these can be narrowed to a resource (service authorization reference).
    Action: [
      'ec2:DescribeAddresses',
      'ec2:DescribeImages',
      'ec2:DescribeInstances',
      'ec2:DescribeInstanceTypeOfferings',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeRegions',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVolumes',
      'ec2:DescribeVpcs',
    ],
    Resource: '*',
  },
  {
    Sid: 'CreateOnlyMarked',
    Effect: 'Allow',
    Action: ['ec2:RunInstances', 'ec2:CreateSecurityGroup', 'ec2:AllocateAddress'],
    Resource: ['instance', 'volume', 'network-interface', 'security-group', 'elastic-ip'].map(ec2),
    Condition: { StringEquals: requestTag },
  },
  {
    Sid: 'LaunchFromWhatExists',
    Effect: 'Allow',
    Action: ['ec2:RunInstances'],
    Resource: ['arn:aws:ec2:*::image/*', ec2('subnet'), ec2('security-group')],
  },
  {
    Sid: 'GroupInNetwork',
    Effect: 'Allow',
    Action: ['ec2:CreateSecurityGroup'],
    Resource: ec2('vpc'),
  },
  {
    Sid: 'MarkWhileCreating',
    Effect: 'Allow',
    Action: ['ec2:CreateTags'],
    Resource: ['instance', 'volume', 'network-interface', 'security-group', 'elastic-ip'].map(ec2),
    Condition: {
      StringEquals: {
        'ec2:CreateAction': ['RunInstances', 'CreateSecurityGroup', 'AllocateAddress'],
      },
    },
  },
  {
    Sid: 'ChangeOnlyMarked',
    Effect: 'Allow',
    Action: [
      'ec2:AssociateAddress',
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:DeleteSecurityGroup',
      'ec2:DisassociateAddress',
      'ec2:GetConsoleOutput',
      'ec2:ReleaseAddress',
      'ec2:RevokeSecurityGroupIngress',
      'ec2:TerminateInstances',
    ],
    Resource: ['instance', 'network-interface', 'security-group', 'elastic-ip'].map(ec2),
    Condition: { StringEquals: resourceTag },
  },
  {
    Sid: 'FindZone',
    Effect: 'Allow',
    Action: ['route53:ListHostedZones', 'route53:GetChange'],
    Resource: '*',
  },
  {
    Sid: 'WriteRecords',
    Effect: 'Allow',
    Action: ['route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets'],
    Resource: 'arn:aws:route53:::hostedzone/*',
  },
]

export interface PolicyOptions {
  /** The name in Route 53; absent = the policy without any Route 53 action. */
  readonly recordName?: string | undefined
  /** A CAA record is written too. */
  readonly hasCaa?: boolean
}

/** The policy document for the options in use. */
export function iamPolicy(options: PolicyOptions) {
  const { recordName: name, hasCaa = false } = options
  return {
    Version: '2012-10-17',
    Statement: statements
      .filter((one) => name !== undefined || !one.Action[0]?.startsWith('route53:'))
      .flatMap((one) => (one.Sid === 'WriteRecords' ? narrowed(one, name ?? '', hasCaa) : [one])),
  }
}

/** Only our names may be written. Route 53 compares lower case, no last dot, `*` as \052. */
function narrowed(one: Statement, name: string, hasCaa: boolean): Statement[] {
  const types = ['A', 'AAAA', ...(hasCaa ? ['CAA'] : []), 'TXT']
  return [
    { ...one, Sid: 'ReadRecords', Action: ['route53:ListResourceRecordSets'] },
    {
      ...one,
      Action: ['route53:ChangeResourceRecordSets'],
      Condition: {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': recordNames(name),
          'route53:ChangeResourceRecordSetsRecordTypes': types,
        },
      },
    },
  ]
}

function recordNames(name: string): string[] {
  return [name, `\\052.${name}`, `_sallyport.${name}`, `_acme-challenge.${name}`]
}

/** The statements that allow an action together, for the message that says it is missing. */
export function statementsFor(action: string): Statement[] {
  return statements.filter((one) => one.Action.includes(action))
}
