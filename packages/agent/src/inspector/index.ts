// What the rest of the agent takes from the inspector.
export {
  type InspectedTunnel,
  type Inspector,
  type InspectorOptions,
  createInspector,
} from './inspector.ts'
export type { ReplayRequest, ReplayResponse, SendReplay } from './replay.ts'
export {
  type InspectorServer,
  type InspectorServerOptions,
  startInspectorServer,
} from './server/inspector-server.ts'
export { type InspectorPage, createInspectorPage, loadInspectorPage } from './server/page.ts'
