// The tags by which a resource is known as ours. They are set in the call that creates the
// resource, so that no crash leaves an unmarked one, and they are all that `down` needs.
import type { Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2'
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'

export const managedByTag = { key: 'sallyport:managed-by', value: 'sallyport' } as const
export const stackTagKey = 'sallyport:stack'
export const placeTagKey = 'sallyport:place'

/** What names a stack: its own random id, and the place of its state file for when that is lost. */
export interface StackName {
  readonly stack: string
  readonly place: string
}

/** Stands for "this state file on this machine" without telling either: 16 hex digits. */
export function placeOf(stateFile: string): string {
  return createHash('sha256')
    .update(`${hostname()}\0${resolve(stateFile)}`)
    .digest('hex')
    .slice(0, 16)
}

export function tagsOf(name: StackName): Tag[] {
  return [
    { Key: 'Name', Value: `sallyport ${name.stack}` },
    { Key: managedByTag.key, Value: managedByTag.value },
    { Key: stackTagKey, Value: name.stack },
    { Key: placeTagKey, Value: name.place },
  ]
}

export function tagSpecifications(
  name: StackName,
  ...types: readonly ResourceType[]
): TagSpecification[] {
  return types.map((ResourceType) => ({ ResourceType, Tags: tagsOf(name) }))
}

/** The filter for what one stack owns. */
export function ownedBy(stack: string): Filter[] {
  return [{ Name: `tag:${stackTagKey}`, Values: [stack] }]
}

/** The filter for what any stack of anybody in the account owns. */
export const managed: Filter[] = [{ Name: `tag:${managedByTag.key}`, Values: [managedByTag.value] }]

export function tagValue(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value
}
