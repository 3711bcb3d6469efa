// EC2's instance metadata service, version 2 only (a token for every question), for one instance.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Tree = { readonly [name: string]: string | Tree }

export interface MetadataService extends AsyncDisposable {
  readonly port: number
  /** Questions that came without a token: a version 1 habit, refused. */
  readonly refused: string[]
}

export async function startMetadataService(
  instanceId: string,
  userData: string,
): Promise<MetadataService> {
  const token = randomBytes(16).toString('hex')
  const mac = '52:54:00:12:34:56'
  const address = '169.254.169.15'
  const data: Tree = {
    'instance-id': instanceId,
    'ami-id': 'ami-00000001',
    hostname: 'ip-169-254-169-15',
    'local-hostname': 'ip-169-254-169-15',
    'local-ipv4': address,
    mac,
    'instance-type': 't3.nano',
    placement: { 'availability-zone': 'us-west-2a', region: 'us-west-2' },
    network: {
      interfaces: { macs: { [mac]: { 'device-number': '0', 'local-ipv4s': address, mac } } },
    },
  }
  const document = JSON.stringify({ region: 'us-west-2', instanceId, accountId: '000000000000' })
  const identity: Tree = { 'instance-identity': { document } }
  const refused: string[] = []
  const service = createServer((request, response) => {
    const [, , kind, ...path] = (request.url ?? '').split('/').map((part) => part.trim())
    if (request.method === 'PUT') return void response.end(token)
    if (request.headers['x-aws-ec2-metadata-token'] !== token) {
      refused.push(request.url ?? '')
      return void response.writeHead(401).end()
    }
    const trees: Readonly<Record<string, Tree>> = { 'meta-data': data, dynamic: identity }
    const tree = Object.hasOwn(trees, kind ?? '') ? trees[kind ?? ''] : undefined
    const found = kind === 'user-data' ? userData : tree && leaf(tree, path)
    if (found === undefined) return void response.writeHead(404).end()
    response.end(found)
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  return {
    port: (service.address() as AddressInfo).port,
    refused,
    async [Symbol.asyncDispose]() {
      service.closeAllConnections()
      service.close()
    },
  }
}

/** A value, or the names below it, directories with a slash. */
function leaf(tree: Tree, path: readonly string[]): string | undefined {
  let at: string | Tree | undefined = tree
  for (const part of path.filter((one) => one !== '')) {
    at = typeof at === 'object' ? at[part] : undefined
  }
  if (typeof at !== 'object') return at
  return Object.entries(at)
    .map(([name, value]) => (typeof value === 'object' ? `${name}/` : name))
    .join('\n')
}
