// The SDK's two clients for one stack. Requests are retried by the SDK and nowhere else.
// Under a test runner only loopback endpoints and given credentials are accepted: no test may ever
// reach an account, whatever it forgot to set.
import { EC2Client } from '@aws-sdk/client-ec2'
import { Route53Client } from '@aws-sdk/client-route-53'
import { SallyportError } from '@sallyport/protocol'
import type { Environment } from './env-file.ts'
import { awsAttempts } from './limits.ts'
import type { Credentials } from './settings.ts'

export interface AwsClients {
  readonly ec2: EC2Client
  readonly route53: Route53Client
}

export interface ClientOptions {
  readonly region: string
  readonly credentials?: (() => Promise<Credentials>) | undefined
  readonly env: Environment
}

/** Makes the clients; throws SP_INTERNAL where a test would reach AWS. No I/O. */
export function createClients(options: ClientOptions): AwsClients {
  const { env } = options
  const ec2Endpoint = env['AWS_ENDPOINT_URL_EC2'] ?? env['AWS_ENDPOINT_URL']
  const route53Endpoint = env['AWS_ENDPOINT_URL_ROUTE_53'] ?? env['AWS_ENDPOINT_URL']
  if (env['NODE_TEST_CONTEXT'] !== undefined) {
    const isFenced = isLoopback(ec2Endpoint) && isLoopback(route53Endpoint)
    if (!isFenced || options.credentials === undefined) {
      throw new SallyportError(
        'SP_INTERNAL',
        'a test asked for AWS without loopback endpoints and credentials of its own',
      )
    }
  }
  const common = {
    region: options.region,
    maxAttempts: attemptsOf(env),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  }
  return {
    ec2: new EC2Client({
      ...common,
      ...(ec2Endpoint === undefined ? {} : { endpoint: ec2Endpoint }),
    }),
    // Route 53 is one service for the world; its requests are signed for us-east-1.
    route53: new Route53Client({
      ...common,
      region: 'us-east-1',
      ...(route53Endpoint === undefined ? {} : { endpoint: route53Endpoint }),
    }),
  }
}

/** AWS's own variable counts, as in all of its tools. */
function attemptsOf(env: Environment): number {
  const asked = env['AWS_MAX_ATTEMPTS'] ?? ''
  return /^[1-9]$/.test(asked) ? Number(asked) : awsAttempts
}

function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false
  const { hostname } = new URL(endpoint)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
