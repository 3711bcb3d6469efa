// The inspector's web server, for the person at this machine: takes the next free port when the usual one
// is taken, looks at who asks, and hands on.
import { once } from 'node:events'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { SallyportError, formatHostPort, isSallyportError } from '@sallyport/protocol'
import type { Inspector } from '../inspector.ts'
import { maxWatchers, portTries } from '../limits.ts'
import { type Endpoint, endpoints } from './endpoints.ts'
import { checkSite, checkToken } from './guard.ts'
import type { InspectorPage } from './page.ts'
import { sendError, sendPage } from './respond.ts'

export interface InspectorServerOptions {
  readonly inspector: Inspector
  readonly host: string
  readonly port: number
  /** Somebody asked for this very port: taken means failed. */
  readonly isExplicit: boolean
  /** Of this run: 128 random bits or more. */
  readonly token: string
  readonly page: InspectorPage
  /** Of the agent. */
  readonly version: string
}

export interface InspectorServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:4040`. */
  readonly url: string
  /** With the token, for the person: it stands behind `#`, which no browser sends. */
  readonly link: string
  close(): Promise<void>
}

/** @throws {SallyportError} SP_ADDRESS_TAKEN. */
export async function startInspectorServer(
  options: InspectorServerOptions,
): Promise<InspectorServer> {
  const { host, token } = options
  const desk = new Desk(options)
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    desk.serve(request, response).catch(() => response.destroy())
  })
  const port = await listen(server, options)
  const url = `http://${formatHostPort(host === '' ? 'localhost' : host, port)}`
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  return { host, port, url, link: `${url}/#${token}`, close, [Symbol.asyncDispose]: close }
}

async function listen(server: Server, options: InspectorServerOptions): Promise<number> {
  const { host, port: first, isExplicit } = options
  for (let tries = 1; ; tries++) {
    // So many agents already: then any port will do.
    const port = tries > portTries ? 0 : first + tries - 1
    try {
      server.listen({ port, ...(host !== '' && { host }) })
      await once(server, 'listening')
      const address = server.address()
      return typeof address === 'object' && address ? address.port : port
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (code === 'EADDRINUSE' && !isExplicit && port !== 0) continue
      const where = formatHostPort(host, port)
      const message = `the inspector cannot listen on ${where} (${code})`
      throw new SallyportError('SP_ADDRESS_TAKEN', message, { cause: error })
    }
  }
}

/** Takes each request to its endpoint. */
class Desk {
  readonly #options: InspectorServerOptions
  #watchers = 0

  constructor(options: InspectorServerOptions) {
    this.#options = options
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = checkSite(request)
    if (refusal) return sendError(response, refusal.status, refusal.message)
    const url = URL.parse(request.url ?? '', 'http://inspector')
    if (!url) return sendError(response, 400, 'the path is of no known form')
    const { page } = this.#options
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    if (url.pathname === '/' && isReading) return sendPage(response, page.html, page.policy)

    const here = endpoints.filter(({ path }) => path.test(url.pathname))
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const endpoint = here.find((one) => one.method === method)
    const isOpen = endpoint?.needsNoToken === true
    const stranger = isOpen ? undefined : checkToken(request, this.#options.token)
    if (stranger) return sendError(response, stranger.status, stranger.message)
    if (endpoint) return await this.#handle(endpoint, request, response, url)
    if (here.length === 0) return sendError(response, 404, 'nothing is here')
    response.setHeader('Allow', here.map((one) => one.method).join(', '))
    sendError(response, 405, 'the method has no meaning here')
  }

  async #handle(
    endpoint: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, searchParams: query }: URL,
  ): Promise<void> {
    const { inspector, version } = this.#options
    try {
      const words = (endpoint.path.exec(pathname) ?? []).slice(1).map(decodeURIComponent)
      if (endpoint.isStream) this.#watch(response)
      await endpoint.handle({ request, response, query, words, inspector, version })
    } catch (error) {
      if (response.headersSent) throw error
      const isWrong = isSallyportError(error) && error.code === 'SP_USAGE'
      if (isWrong || error instanceof URIError) sendError(response, 400, error.message)
      else sendError(response, 500, 'the inspector failed at this one')
    }
  }

  #watch(response: ServerResponse): void {
    if (this.#watchers >= maxWatchers) {
      throw new SallyportError('SP_USAGE', `${maxWatchers} pages look on: close one`)
    }
    this.#watchers += 1
    response.once('close', () => {
      this.#watchers -= 1
    })
  }
}
