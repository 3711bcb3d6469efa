// The public surface of @sallyport/provisioner.
export type { ProvisionerEvent, Reporter } from './reporter.ts'
export { type StandingTunnel, type StartOptions, Tunnel, type TunnelOptions } from './tunnel.ts'
