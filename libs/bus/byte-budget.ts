// Byte budget: one limit for the bytes that wait in the queues of all partitions of a run. Owns the shares.
// Invariants
//   Y1 a share pauses when it holds its part (the limit over the number of shares) or when all together hold the limit, so
//      what waits exceeds the limit by at most the fetches already under way.
//   Y2 a paused share resumes once it holds at most half its part and all together less than the limit; those paused longest
//      come first, so none starves.

export interface Share {
  add(bytes: number): void
  release(bytes: number): void
  /** Gives back everything it holds. */
  clear(): void
  leave(): void
}

interface Member {
  bytes: number
  paused: boolean
  readonly pause: () => void
  readonly resume: () => void
}

export class ByteBudget {
  readonly #bytesMax: number
  readonly #changed: (bytes: number) => void
  /** In the order in which they were paused last. */
  readonly #members = new Set<Member>()
  #bytes = 0

  constructor(bytesMax: number, changed: (bytes: number) => void) {
    this.#bytesMax = bytesMax
    this.#changed = changed
  }

  get bytes(): number {
    return this.#bytes
  }

  join(pause: () => void, resume: () => void): Share {
    const member: Member = { bytes: 0, paused: false, pause, resume }
    this.#members.add(member)
    return {
      add: (bytes) => this.#add(member, bytes),
      release: (bytes) => this.#release(member, bytes),
      clear: () => this.#release(member, member.bytes),
      leave: () => {
        this.#release(member, member.bytes)
        this.#members.delete(member)
      },
    }
  }

  #add(member: Member, bytes: number): void {
    member.bytes += bytes
    this.#bytes += bytes
    this.#changed(this.#bytes)
    if (member.paused) return
    if (member.bytes < this.#part() && this.#bytes < this.#bytesMax) return
    member.paused = true
    this.#members.delete(member)
    this.#members.add(member)
    member.pause()
  }

  #release(member: Member, bytes: number): void {
    member.bytes -= bytes
    this.#bytes -= bytes
    if (bytes > 0) this.#changed(this.#bytes)
    const half = this.#part() / 2
    for (const waiting of this.#members) {
      if (this.#bytes >= this.#bytesMax) return
      if (!waiting.paused || waiting.bytes > half) continue
      waiting.paused = false
      waiting.resume()
    }
  }

  #part(): number {
    return this.#bytesMax / Math.max(this.#members.size, 1)
  }
}
