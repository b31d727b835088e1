// Publication: how detectors travel on the detectors topic, and what a reader of it knows. An artefact is published as chunks
// under `<stream>/<version>/<index>`, then one pointer under `<stream>/champion` says which version serves; rollback is
// publishing the old pointer again. Pure: messages in and out, no bus.
// Invariants
//   P1 the pointer is the last message of its transaction, so whoever sees it can see every chunk.
//   P2 a pointer names its predecessor; a publisher must have read the current one first (compare-and-set by the bus).
//   P3 versions beyond the last versionsKept, the champion excepted, are deleted (tombstones).

import type { Message } from '../core/message.ts'
import { keyBytes, type Records, valueBytes } from '../core/records.ts'

/** Bytes of one chunk; under the 1 MB that brokers accept by default. */
const chunkBytesMax = 900_000
export const versionsKept = 10

export interface Pointer {
  readonly stream: string
  readonly revision: string
  readonly version: string
  readonly previous: string | null
  /** Overrides the artefact's own threshold; null = the artefact's. */
  readonly threshold: number | null
  readonly chunks: number
  readonly publishedMs: number
  /** trainer, promote, rollback: who moved the pointer. */
  readonly by: string
}

/** A champion that is whole: its pointer and the bytes of its artefact. */
export interface Champion {
  readonly pointer: Pointer
  readonly artefact: Uint8Array
}

export class Publications {
  readonly #pointers = new Map<string, Pointer>()
  readonly #versions = new Map<string, Map<string, Map<number, Uint8Array>>>()

  take(records: Records): void {
    const decoder = new TextDecoder()
    for (let i = 0; i < records.count; i++) {
      const key = keyBytes(records, i)
      if (key === null) continue
      const value = valueBytes(records, i)
      const [stream = '', second = '', index] = decoder.decode(key).split('/')
      if (second === 'champion') this.#point(stream, value)
      else if (index !== undefined) this.#chunk(stream, second, Number(index), value)
    }
  }

  pointer(stream: string): Pointer | null {
    return this.#pointers.get(stream) ?? null
  }

  /** Null while there is no pointer, or not all of its chunks have been seen. */
  champion(stream: string): Champion | null {
    const pointer = this.pointer(stream)
    const artefact = pointer === null ? null : this.artefact(stream, pointer.version, pointer.chunks)
    return pointer === null || artefact === null ? null : { pointer, artefact }
  }

  /** Versions seen whole or in part, oldest first. */
  versions(stream: string): string[] {
    return [...(this.#versions.get(stream)?.keys() ?? [])]
  }

  artefact(stream: string, version: string, chunks?: number): Uint8Array | null {
    const parts = this.#versions.get(stream)?.get(version)
    if (parts === undefined || (chunks !== undefined && parts.size !== chunks)) return null
    const ordered = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
    return Buffer.concat(ordered)
  }

  #point(stream: string, value: Uint8Array | null): void {
    if (value === null) this.#pointers.delete(stream)
    else this.#pointers.set(stream, JSON.parse(new TextDecoder().decode(value)))
  }

  #chunk(stream: string, version: string, index: number, value: Uint8Array | null): void {
    const versions = this.#versions.get(stream) ?? new Map<string, Map<number, Uint8Array>>()
    this.#versions.set(stream, versions)
    if (value === null) {
      versions.delete(version)
      return
    }
    const parts = versions.get(version) ?? new Map<number, Uint8Array>()
    parts.set(index, value.slice())
    // Published again: it is the youngest now.
    if (index === 0) versions.delete(version)
    versions.set(version, parts)
  }
}

export interface PublishRequest {
  readonly topic: string
  readonly stream: string
  readonly revision: string
  readonly version: string
  readonly artefact: Uint8Array
  readonly threshold: number | null
  readonly by: string
  readonly nowMs: number
}

/** The messages that make `version` the champion after what `known` has seen: chunks it lacks, tombstones, pointer last. */
export function publication(request: PublishRequest, known: Publications): Message[] {
  const { topic, stream, version, artefact, nowMs } = request
  const messages: Message[] = []
  const put = (key: string, value: Uint8Array | null): void => {
    messages.push({ topic, partition: null, key: encode(key), value, headers: [], timestampMs: nowMs })
  }
  const chunks = Math.ceil(artefact.length / chunkBytesMax)
  const held = known.artefact(stream, version, chunks)
  if (held === null) {
    for (let i = 0; i < chunks; i++) {
      put(`${stream}/${version}/${i}`, artefact.subarray(i * chunkBytesMax, (i + 1) * chunkBytesMax))
    }
  }
  const old = known.versions(stream).filter((other) => other !== version && other !== known.pointer(stream)?.version)
  for (const gone of old.slice(0, Math.max(0, old.length - (versionsKept - 2)))) {
    const size = known.artefact(stream, gone)?.length ?? 0
    for (let i = 0; i < Math.ceil(size / chunkBytesMax); i++) put(`${stream}/${gone}/${i}`, null)
  }
  const pointer: Pointer = {
    stream,
    revision: request.revision,
    version,
    previous: known.pointer(stream)?.version ?? null,
    threshold: request.threshold,
    chunks,
    publishedMs: nowMs,
    by: request.by,
  }
  put(`${stream}/champion`, encode(JSON.stringify(pointer)))
  return messages
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
