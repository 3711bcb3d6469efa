// The hosted zone that answers for a name: the public one with the longest suffix.
import { paginateListHostedZones } from '@aws-sdk/client-route-53'
import { SallyportError } from '@sallyport/protocol'
import { explain } from './aws-error.ts'
import type { Cloud } from './cloud.ts'

export interface Zone {
  /** Without the "/hostedzone/" that Route 53 puts before it. */
  readonly id: string
  readonly name: string
}

/** Finds it; throws SP_DNS_ZONE. */
export async function findZone(cloud: Cloud, name: string): Promise<Zone> {
  const zones: Zone[] = []
  try {
    for await (const page of paginateListHostedZones({ client: cloud.route53 }, {})) {
      for (const zone of page.HostedZones ?? []) {
        if (zone.Config?.PrivateZone === true) continue
        const id = (zone.Id ?? '').replace('/hostedzone/', '')
        zones.push({ id, name: (zone.Name ?? '').replace(/\.$/, '') })
      }
    }
  } catch (error) {
    explain('route53:ListHostedZones', 'list the hosted zones')(error)
  }
  const holding = zones.filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
  const [longest] = holding.toSorted((one, other) => other.name.length - one.name.length)
  if (longest !== undefined) return longest
  throw new SallyportError(
    'SP_DNS_ZONE',
    `no public hosted zone of this AWS account holds ${name}; check HOSTED_ZONE, or use --host ${name} where its DNS is kept elsewhere`,
  )
}
