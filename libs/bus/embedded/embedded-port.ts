// Embedded port: one partition of one run on the embedded log. Owns its tail and its claim on the partition.
// Invariants
//   P1 the claim that was made last is the only one that commits (B4): claims are counted in the process that owns the log,
//      and that process is fenced by the store's epoch.

import type { Message } from '../../core/message.ts'
import type { Port } from '../port.ts'
import type { Tail } from '../tail.ts'

/** What a port needs of its bus. */
export interface Claims {
  /** Resolves once every write under an earlier claim is committed or refused. */
  claim(name: string): Promise<number>
  committed(): number | null
  commit(messages: readonly Message[], nextOffset: number, name: string, claim: number): Promise<void>
}

export class EmbeddedPort implements Port {
  readonly #claims: Claims
  readonly #name: string
  readonly #tail: Tail
  #claim = 0

  constructor(claims: Claims, name: string, tail: Tail) {
    this.#claims = claims
    this.#name = name
    this.#tail = tail
  }

  async fence(): Promise<number | null> {
    this.#claim = await this.#claims.claim(this.#name)
    return this.#claims.committed()
  }

  commit(messages: readonly Message[], nextOffset: number): Promise<void> {
    return this.#claims.commit(messages, nextOffset, this.#name, this.#claim)
  }

  seek(offset: number): void {
    this.#tail.seek(offset)
  }

  pause(): void {
    this.#tail.pause()
  }

  resume(): void {
    this.#tail.resume()
  }

  async close(): Promise<void> {
    this.#tail.pause()
  }
}
