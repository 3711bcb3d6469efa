import assert from 'node:assert/strict'
import test from 'node:test'
import { isSallyportError, type ErrorCode } from '@sallyport/protocol'
import { translateAwsError } from './aws-error.ts'

function named(name: string, code?: string): Error {
  const error = new Error('words of AWS that change')
  error.name = name
  return code === undefined ? error : Object.assign(error, { code })
}

const cases: readonly (readonly [string, ErrorCode, RegExp])[] = [
  ['CredentialsProviderError', 'SP_AWS_CREDENTIALS', /set AWS_ACCESS_KEY and AWS_SECRET_KEY/],
  ['AuthFailure', 'SP_AWS_CREDENTIALS', /check the access key/],
  ['SignatureDoesNotMatch', 'SP_AWS_CREDENTIALS', /check AWS_SECRET_KEY/],
  ['InvalidClientTokenId', 'SP_AWS_CREDENTIALS', /AWS does not know it/],
  ['ExpiredToken', 'SP_AWS_CREDENTIALS', /sign in again/],
  ['RequestExpired', 'SP_AWS_CREDENTIALS', /clock/],
  ['OptInRequired', 'SP_AWS_CREDENTIALS', /sign the account up/],
  ['PendingVerification', 'SP_AWS_CREDENTIALS', /wait until AWS has verified/],
  ['UnauthorizedOperation', 'SP_AWS_DENIED', /lack ec2:RunInstances; .*"Action":\["ec2:RunInst/],
  ['AccessDenied', 'SP_AWS_DENIED', /provisioner iam-policy/],
  ['InsufficientInstanceCapacity', 'SP_AWS_CAPACITY', /another INSTANCE_TYPE/],
  ['Unsupported', 'SP_AWS_CAPACITY', /another INSTANCE_TYPE/],
  ['VcpuLimitExceeded', 'SP_AWS_QUOTA', /Service Quotas/],
  ['AddressLimitExceeded', 'SP_AWS_QUOTA', /Elastic IPs/],
  ['VPCIdNotSpecified', 'SP_AWS_NETWORK', /--subnet/],
  ['InvalidSubnetID.NotFound', 'SP_AWS_NETWORK', /--subnet/],
  ['InvalidAMIID.NotFound', 'SP_AWS_IMAGE', /take IMAGE_ID away/],
  ['InvalidGroup.Duplicate', 'SP_AWS_NAME_TAKEN', /SECURITY_GROUP/],
  ['RequestLimitExceeded', 'SP_AWS_UNREACHABLE', /wait a minute/],
  ['NoSuchHostedZone', 'SP_DNS_ZONE', /--host/],
  ['InvalidChangeBatch', 'SP_DNS_RECORD', /run it again/],
  ['SomethingNew', 'SP_AWS_FAILED', /SomethingNew: words of AWS.*provisioner down/],
  ['toString', 'SP_AWS_FAILED', /toString/],
]

for (const [name, code, message] of cases) {
  test(`aws error: ${name} becomes ${code} with the next step, on one line`, () => {
    const error = translateAwsError(named(name), 'ec2:RunInstances', 'launch a t4g.nano')
    assert.ok(isSallyportError(error))
    assert.equal(error.code, code)
    assert.match(error.message, /^cannot launch a t4g.nano/)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /\n/)
  })
}

test('aws error: the action is the one that AWS names, where the policy knows it', () => {
  const denied = (action: string) => {
    const why = `User: arn:aws:iam::1:user/a is not authorized to perform: ${action} on resource: x`
    const error = Object.assign(new Error(why), { name: 'UnauthorizedOperation' })
    return String(translateAwsError(error, 'ec2:RunInstances', 'launch a t4g.nano'))
  }
  assert.match(denied('ec2:CreateTags'), /lack ec2:CreateTags; .*"Sid":"MarkWhileCreating"/)
  assert.match(denied('sts:Unheard'), /lack ec2:RunInstances; .*CreateOnlyMarked.*LaunchFrom/)
})

test('aws error: no network is told from a refusal', () => {
  const error = translateAwsError(named('Error', 'ENOTFOUND'), 'ec2:DescribeVpcs', 'look')
  assert.ok(isSallyportError(error))
  assert.equal(error.code, 'SP_AWS_UNREACHABLE')
  assert.match(error.message, /no connection to AWS \(ENOTFOUND\)/)
})

test('aws error: an abort and an error of ours pass unchanged', () => {
  const abort = named('AbortError')
  assert.equal(translateAwsError(abort, 'ec2:X', 'x'), abort)
})
