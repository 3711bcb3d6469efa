// The public surface of @sallyport/relay: the relay inside a program of one's own.
export { type Agent, createAgent } from './agent-keys.ts'
export { type HostProcess, main } from './main.ts'
export type { RelayEvent } from './relay-event.ts'
export { type RelayIdentity, generateIdentity } from './relay-identity.ts'
export { startRelay } from './relay.ts'
export type { Relay, RelayChanges, RelayOptions } from './relay-options.ts'
export { relaySettingsSchema } from './settings-schema.ts'
