// Registry: client of a schema registry that speaks the Confluent protocol. Owns its cache; time, waiting and the network
// are given to it.
// Invariants
//   Y1 `absent` is answered only when the registry itself says that there is no such schema (404 with its own error code);
//      whatever else goes wrong is a Failure, so that an outage never turns into rejected records.
//   Y2 a schema under an id never changes: it is kept until it is the longest unused of more than cacheMax. Absence is
//      kept for absentMsMax only.
//   Y3 requests for one id at one time are one request; tries are bounded; an answer is at most answerBytesMax long.

import { Failure } from '../core/failure.ts'

export const answerBytesMax = 1_048_576
const triesMax = 4
const backoffMs = 100

export interface RegistryOptions {
  /** Such as http://localhost:8081, or with the path that the registry serves the protocol under. */
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  /** Sent with every request, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>
  readonly cacheMax: number
  readonly absentMsMax: number
  readonly timeoutMs: number
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<void>
}

export interface Registry {
  /** The schema's text; rejects with Failure('registry-unreachable' | 'registry-refused'). */
  schema(id: number): Promise<string | 'absent'>
  /** Registers an Avro schema and answers its id, the same one if it was registered before. */
  register(subject: string, schemaText: string): Promise<number>
}

export function registry(options: RegistryOptions): Registry {
  return new Client(options)
}

/** What the registry says in a 404 about a subject, a version or a schema that does not exist. */
const absentCodes: readonly unknown[] = [40401, 40402, 40403]

interface Kept {
  readonly schema: string | 'absent'
  readonly untilMs: number
}

/** What may be in an answer; nothing of it is trusted to be of its type. */
interface Body {
  readonly id?: unknown
  readonly schema?: unknown
  readonly schemaType?: unknown
  readonly error_code?: unknown
  readonly message?: unknown
}

interface Answer {
  readonly status: number
  readonly body: Body
}

class Client implements Registry {
  readonly #options: RegistryOptions
  /** In order of use, the longest unused first. */
  readonly #kept = new Map<number, Kept>()
  readonly #asked = new Map<number, Promise<string | 'absent'>>()

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  schema(id: number): Promise<string | 'absent'> {
    const kept = this.#kept.get(id)
    if (kept !== undefined && kept.untilMs > this.#options.nowMs()) {
      this.#keep(id, kept)
      return Promise.resolve(kept.schema)
    }
    const asked = this.#asked.get(id)
    if (asked !== undefined) return asked
    const asking = this.#fetched(id).finally(() => this.#asked.delete(id))
    this.#asked.set(id, asking)
    return asking
  }

  async register(subject: string, schemaText: string): Promise<number> {
    const path = `subjects/${encodeURIComponent(subject)}/versions`
    const { status, body } = await this.#request(path, { schema: schemaText, schemaType: 'AVRO' })
    const id = body.id
    if (status === 200 && typeof id === 'number') return id
    throw refused(path, status, body)
  }

  async #fetched(id: number): Promise<string | 'absent'> {
    const path = `schemas/ids/${id}`
    const { status, body } = await this.#request(path, null)
    const text = body.schema
    if (status === 200 && typeof text === 'string') {
      const type = body.schemaType ?? 'AVRO'
      if (type !== 'AVRO') throw new Failure('registry-refused', `schema ${id} is of type ${String(type)}, not AVRO`)
      this.#keep(id, { schema: text, untilMs: Number.POSITIVE_INFINITY })
      return text
    }
    if (status === 404 && absentCodes.includes(body.error_code)) {
      this.#keep(id, { schema: 'absent', untilMs: this.#options.nowMs() + this.#options.absentMsMax })
      return 'absent'
    }
    throw refused(path, status, body)
  }

  #keep(id: number, kept: Kept): void {
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    if (this.#kept.size <= this.#options.cacheMax) return
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest)
      break
    }
  }

  /** Tries again while the registry cannot be reached or says that the fault is its own. */
  async #request(path: string, message: object | null): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      try {
        const answer = await this.#once(path, message)
        if (answer.status < 500 && answer.status !== 429) return answer
        if (tried === triesMax) throw unreachable(path, `answered ${answer.status}`)
      } catch (thrown) {
        if (thrown instanceof Failure) throw thrown
        if (tried === triesMax) throw unreachable(path, Failure.of(thrown, 'registry-unreachable').message, thrown)
      }
      await this.#options.sleep(backoffMs * 2 ** (tried - 1))
    }
  }

  async #once(path: string, message: object | null): Promise<Answer> {
    const { url, headers, timeoutMs } = this.#options
    const contentType = 'application/vnd.schemaregistry.v1+json'
    const response = await this.#options.fetch(`${url.replace(/\/+$/, '')}/${path}`, {
      method: message === null ? 'GET' : 'POST',
      headers: { ...headers, accept: `${contentType}, application/json`, 'content-type': contentType },
      body: message === null ? null : JSON.stringify(message),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, body: bodyOf(await limited(response, path)) }
  }
}

async function limited(response: Response, path: string): Promise<string> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body) {
    length += part.length
    if (length > answerBytesMax) {
      throw new Failure('registry-refused', `the registry's answer to ${path} is longer than ${answerBytesMax} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

/** An answer that is no JSON object is as good as none: a proxy's page, for instance. */
function bodyOf(text: string): Body {
  try {
    const body: unknown = JSON.parse(text)
    return isBody(body) ? body : {}
  } catch {
    return {}
  }
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null
}

function refused(path: string, status: number, body: Body): Failure {
  const message = typeof body.message === 'string' ? `: ${body.message}` : ''
  return new Failure('registry-refused', `the registry answered ${status} to ${path}${message}`)
}

function unreachable(path: string, what: string, cause?: unknown): Failure {
  return new Failure('registry-unreachable', `the registry cannot be asked for ${path}: ${what}`, cause)
}
