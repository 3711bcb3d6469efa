// Answers of the inspector's server, each with the headers that keep captured bytes harmless.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Of every answer: nothing is cached, guessed, framed, or read by another site. */
const always = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const

/** Of what is not the page: nothing in it may run or load. */
const sealed = "default-src 'none'; sandbox; frame-ancestors 'none'"

type Headers = Readonly<Record<string, string>>

export function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Headers,
): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, {
    'Content-Security-Policy': sealed,
    ...always,
    ...headers,
    'Content-Length': String(bytes.length),
  })
  response.end(response.req.method === 'HEAD' ? undefined : bytes)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json' })
}

export function sendNothing(response: ServerResponse): void {
  response.writeHead(204, { 'Content-Security-Policy': sealed, ...always }).end()
}

/** As ngrok's agent tells of errors. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error_code: status, status_code: status, msg: message, details: {} })
}

/** Bytes of others: to be saved, never shown. */
export function sendAttachment(response: ServerResponse, bytes: Buffer, fileName: string): void {
  send(response, 200, bytes, {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${fileName}"`,
  })
}

/** The same, as it is made. @returns once it was sent, or the page has gone. */
export async function sendAttachmentPieces(
  response: ServerResponse,
  pieces: AsyncIterable<string>,
  fileName: string,
): Promise<void> {
  response.writeHead(200, {
    'Content-Security-Policy': sealed,
    ...always,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${fileName}"`,
  })
  if (response.req.method === 'HEAD') response.end()
  else await pipeline(Readable.from(pieces), response).catch(() => response.destroy())
}

/** The page, whose policy names its own script and style. */
export function sendPage(response: ServerResponse, html: string, policy: string): void {
  send(response, 200, html, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
  })
}

/** A stream of lines of JSON. */
export function startLines(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Security-Policy': sealed,
    ...always,
    'Content-Type': 'application/x-ndjson',
  })
}
