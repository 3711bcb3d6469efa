// The machine image: Canonical's newest Ubuntu for an architecture, or the one that was asked for.
// Always by owner: a name alone is anybody's to take ("whoAMI", docs/aws.md).
import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2'
import { SallyportError } from '@sallyport/protocol'
import { explain } from './aws-error.ts'
import type { Cloud } from './cloud.ts'

/** Canonical's account. https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/ */
export const canonicalOwner = '099720109477'

export type Architecture = 'arm64' | 'x86_64'

/** How Canonical writes an architecture in a name. */
const nameParts = { arm64: 'arm64', x86_64: 'amd64' } as const satisfies Record<
  Architecture,
  string
>

export interface ChosenImage {
  readonly id: string
  readonly name: string
  readonly architecture: Architecture
  readonly rootDevice: string
}

export function imageNamePattern(architecture: Architecture): string {
  return `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${nameParts[architecture]}-server-*`
}

/** The newest Ubuntu 24.04; throws SP_AWS_IMAGE when the region has none in support. */
export async function findUbuntu(
  cloud: Cloud,
  architecture: Architecture,
  now: Date,
): Promise<ChosenImage> {
  const { Images = [] } = await cloud.ec2
    .send(
      new DescribeImagesCommand({
        Owners: [canonicalOwner],
        Filters: [
          { Name: 'name', Values: [imageNamePattern(architecture)] },
          { Name: 'architecture', Values: [architecture] },
          { Name: 'state', Values: ['available'] },
        ],
      }),
    )
    .catch(explain('ec2:DescribeImages', 'look for the Ubuntu image'))
  const newest = Images.filter(
    // The owner again: whoever answers for the endpoint, an image of others is never launched.
    (image) => image.OwnerId === canonicalOwner && !isPast(image.DeprecationTime, now),
  ).toSorted((one, other) => (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''))[0]
  if (newest === undefined) {
    throw new SallyportError(
      'SP_AWS_IMAGE',
      `Canonical has no Ubuntu 24.04 image for ${architecture} in ${cloud.region}; set IMAGE_ID, or another AWS_REGION_NAME`,
    )
  }
  return chosen(newest, architecture)
}

/** The image of IMAGE_ID; its architecture decides the instance type. */
export async function findImage(cloud: Cloud, imageId: string): Promise<ChosenImage> {
  const { Images = [] } = await cloud.ec2
    .send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDeprecated: true }))
    .catch(explain('ec2:DescribeImages', `look at the image ${imageId}`))
  const [image] = Images
  if (image === undefined || image.State !== 'available') {
    throw new SallyportError(
      'SP_AWS_IMAGE',
      `the image ${imageId} is not in ${cloud.region}; take IMAGE_ID away to use the newest Ubuntu`,
    )
  }
  const { Architecture: architecture } = image
  if (architecture === 'arm64' || architecture === 'x86_64') return chosen(image, architecture)
  throw new SallyportError(
    'SP_AWS_IMAGE',
    `the image ${imageId} is for ${architecture ?? 'no known architecture'}; needs arm64 or x86_64`,
  )
}

function chosen(image: Image, architecture: Architecture): ChosenImage {
  return {
    id: image.ImageId ?? '',
    name: image.Name ?? '',
    architecture,
    rootDevice: image.RootDeviceName ?? '/dev/sda1',
  }
}

function isPast(time: string | undefined, now: Date): boolean {
  return time !== undefined && new Date(time) < now
}
