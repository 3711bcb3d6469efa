// The public surface of @sallyport/protocol.
export { acmeAlpn, agentAlpn, deployAlpn } from './alpn.ts'
export {
  AgentKey,
  agentProof,
  exporterBytes,
  exporterLabel,
  formatAuthorization,
  generateAgentKey,
  keyIdOf,
  parseAuthorization,
  parseToken,
  verifySignature,
} from './agent-key.ts'
export { assignName } from './assigned-name.ts'
export type { ClientHello } from './client-hello.ts'
export { ClientHelloReader } from './client-hello-reader.ts'
export { closeCodeOf, errorCodeOfClose } from './close-code.ts'
export {
  type AgentMessage,
  type ControlMessage,
  controlVersion,
  type DrainingMessage,
  type HealthMessage,
  type HelloMessage,
  type NoticeMessage,
  parseAgentMessage,
  parseRelayMessage,
  type RegisteredMessage,
  type RegisterMessage,
  type RelayMessage,
} from './control-message.ts'
export { ControlMessageReader, encodeControlMessage } from './control-message-reader.ts'
export { type DeployFrame, DeployFrameReader, encodeDeployFrame } from './deploy-frame.ts'
export {
  type DeployReply,
  type DeployRequest,
  parseDeployReply,
  parseDeployRequest,
} from './deploy-message.ts'
export { bundleProof, deployExporterLabel, deployProof, deployProofBytes } from './deploy-proof.ts'
export {
  badInput,
  type BadInput,
  type ErrorCode,
  errorTable,
  ExitCode,
  isSallyportError,
  quote,
  SallyportError,
} from './errors.ts'
export { createErrorPage, type ErrorPage } from './error-page.ts'
export { FrameDecoder, type FrameHandler } from './frame-decoder.ts'
export {
  Flag,
  FrameType,
  GoAway,
  headerBytes,
  knownFlags,
  maxStreamId,
  protocolVersion,
  sessionStreamId,
  writeHeader,
} from './frame.ts'
export { isHost, isHostName } from './host-name.ts'
export { formatHost, formatHostPort, splitHostPort } from './host-port.ts'
export { bytesToIp, ipToBytes, isIp, isLoopback, isMappedIpv4 } from './ip-address.ts'
export { formatJoinString, type JoinString, parseJoinString } from './join-string.ts'
export * from './limits.ts'
export { formatListenAddress, type ListenAddress, parseListenAddress } from './listen-address.ts'
export { type AccessList, isAdmitted, isNetwork, parseNetwork } from './network.ts'
export { oneLine } from './one-line.ts'
export { isPermitted, mayJoinPool, parsePermissions, type Permission } from './permission.ts'
export { computePin, formatPin, matchesPin, parsePin, type Pin } from './pin.ts'
export { type Balance, balances, parseBalance, parsePoolName } from './pool-name.ts'
export {
  formatPortRange,
  includesPort,
  parsePortRange,
  portOf,
  type PortRange,
} from './port-range.ts'
export {
  decodeProxyHeader,
  encodeProxyHeader,
  type ProxyHeader,
  type SocketAddressPair,
} from './proxy-v2.ts'
export { parseRemoteForward, type RemoteForward } from './remote-forward.ts'
export { isRouteId } from './route-id.ts'
export {
  formatRouteUrl,
  type NamedRouteUrl,
  parseRouteUrl,
  type RouteUrl,
  type TcpRouteUrl,
} from './route-url.ts'
export { Secret } from './secret.ts'
export { formatTarget, parseTarget, type Target } from './target.ts'
export { webSocketSubprotocol } from './web-socket.ts'
