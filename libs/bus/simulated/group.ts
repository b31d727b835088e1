// Group: Kafka's consumer groups as a model: members join, a generation forms once all of them have, and who does not beat
// its heart within the session is put out. Owns members and generations. Assignment is by turns over the partitions.

import type { VirtualTime } from './virtual-time.ts'

interface Member {
  lastSeenMs: number
  /** Set while it waits for a generation to form. */
  joined: ((partitions: readonly number[] | null) => void) | null
}

export const SESSION_MS = 10_000
const SWEEP_MS = 1000

export class Group {
  readonly #time: VirtualTime
  readonly #partitions: () => number
  readonly #members = new Map<string, Member>()
  #forming = false
  #sweeping = false

  constructor(time: VirtualTime, partitions: () => number) {
    this.#time = time
    this.#partitions = partitions
  }

  /** Answers the partitions of the member in the next generation, or null if it was put out while it waited. */
  join(name: string): Promise<readonly number[] | null> {
    return new Promise((resolve) => {
      const known = this.#members.get(name)
      known?.joined?.(null)
      this.#members.set(name, { lastSeenMs: this.#time.nowMs, joined: resolve })
      this.#forming = true
      this.#form()
      this.#sweep()
    })
  }

  /** Whether the member still belongs to a stable generation. */
  beat(name: string): boolean {
    const member = this.#members.get(name)
    if (member === undefined) return false
    member.lastSeenMs = this.#time.nowMs
    return !this.#forming
  }

  leave(name: string): void {
    if (!this.#members.has(name)) return
    this.#members.get(name)?.joined?.(null)
    this.#members.delete(name)
    this.#forming = this.#members.size > 0
    this.#form()
  }

  #form(): void {
    const members = [...this.#members.entries()]
    if (!this.#forming || members.some(([, { joined }]) => joined === null)) return
    this.#forming = false
    const partitions = Array.from({ length: this.#partitions() }, (_, i) => i)
    for (const [i, [, member]] of members.entries()) {
      member.joined?.(partitions.filter((partition) => partition % members.length === i))
      member.joined = null
      member.lastSeenMs = this.#time.nowMs
    }
  }

  /** Looks for silent members for as long as there are any members. */
  #sweep(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    this.#time.after(SWEEP_MS, () => {
      this.#sweeping = false
      for (const [name, { lastSeenMs }] of this.#members) {
        if (this.#time.nowMs - lastSeenMs <= SESSION_MS) continue
        this.#members.get(name)?.joined?.(null)
        this.#members.delete(name)
        this.#forming = true
      }
      this.#form()
      if (this.#members.size > 0) this.#sweep()
    })
  }
}
