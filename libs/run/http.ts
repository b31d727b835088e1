// HTTP: what our listeners share: opening and closing a server on an address, and answers. And the listener for
// Prometheus and the orchestrator: /metrics, /live, /ready, and nothing else.
// Not here: the API and its guards (services/console).

import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Failure } from '../core/failure.ts'
import type { Answer } from './health.ts'

export interface Listening {
  readonly port: number
  /** Takes no more connections and resolves when the answers under way have ended. */
  close(): Promise<void>
}

/** A client that takes longer than this to send its request is cut off. */
export const REQUEST_MS_MAX = 30_000
const HEADERS_MS_MAX = 10_000
const HEADER_BYTES_MAX = 16_384
const CONNECTIONS_MAX = 256

export async function listen(host: string, port: number, listener: RequestListener): Promise<Listening> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS_MAX,
      headersTimeout: HEADERS_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: 5_000,
    },
    listener,
  )
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new Failure('usage', `cannot listen on ${host}:${port}: ${error.message}; choose another port or host`, error),
      )
    })
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return { port: taken, close: () => closed(server) }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

export function answerText(response: ServerResponse, status: number, text: string, contentType = 'text/plain'): void {
  const charset = contentType.includes('charset') ? contentType : `${contentType}; charset=utf-8`
  const headers = { 'content-type': charset, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export interface Watched {
  readonly metrics: () => Promise<string>
  readonly metricsContentType: string
  readonly live: () => Answer
  readonly ready: () => Answer
}

export function watchListener(watched: Watched): RequestListener {
  const probe = (response: ServerResponse, { verdict, reasons }: Answer): void => {
    answerText(response, verdict === 'yes' ? 200 : 503, verdict === 'yes' ? 'yes\n' : `no\n${reasons.join('\n')}\n`)
  }
  return (request, response) => {
    // Nothing here reads a body.
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answerText(response, 405, 'only GET\n')
    }
    switch (request.url?.split('?')[0]) {
      case '/metrics':
        watched.metrics().then(
          (text) => answerText(response, 200, text, watched.metricsContentType),
          () => answerText(response, 500, 'metrics failed\n'),
        )
        return
      case '/live':
        return probe(response, watched.live())
      case '/ready':
        return probe(response, watched.ready())
      default:
        return answerText(response, 404, 'there is /metrics, /live and /ready\n')
    }
  }
}
