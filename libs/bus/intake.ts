// Intake: what one runner lets in: it holds the queue, watches that fetches join without a gap, and pauses the port while
// the budget or the runner wants it. Owns the queue and its share of the budget.
// Invariants
//   A1 between `shut` and `open` nothing is taken; what was queued is dropped, and fetched again from where `open` says.
//   A2 a fetch that does not begin where the one before ended is refused: records are missing or come twice.

import { Failure } from '../core/failure.ts'
import type { Share } from './byte-budget.ts'
import { Feed, type Fetched } from './fetched.ts'
import type { Port } from './port.ts'
import type { Run } from './record-reader.ts'

export class Intake {
  readonly #port: Port
  readonly #share: Share
  readonly #feed: Feed
  #gate: 'open' | 'frozen' | 'shut' = 'shut'
  #full = false
  #expected = 0

  constructor(port: Port, join: (pause: () => void, resume: () => void) => Share) {
    this.#port = port
    this.#share = join(
      () => {
        this.#full = true
        this.#port.pause()
      },
      () => {
        this.#full = false
        this.#resume()
      },
    )
    this.#feed = new Feed((bytes) => this.#share.release(bytes))
  }

  /** Queues a fetch; answers what is wrong with it, if anything. */
  offer(fetched: Fetched): Failure | null {
    if (this.#gate !== 'open') return null
    if (fetched.from !== this.#expected) {
      return new Failure('commit-unknown', `fetched from offset ${fetched.from}, expected ${this.#expected}`)
    }
    this.#expected = fetched.next
    this.#feed.push(fetched)
    this.#share.add(fetched.bytes)
    return null
  }

  /** Whether whole fetches wait behind the one that is being taken. */
  get queue(): 'empty' | 'waiting' {
    return this.#feed.waiting > 0 ? 'waiting' : 'empty'
  }

  take(recordsMax: number): Run | null {
    return this.#feed.take(recordsMax)
  }

  async open(offset: number): Promise<void> {
    this.#expected = offset
    await this.#port.seek(offset)
    this.#gate = 'open'
    this.#resume()
  }

  /** Takes nothing more, but tells the port nothing: while a group rebalances, it may have no say. */
  freeze(): void {
    if (this.#gate === 'open') this.#gate = 'frozen'
  }

  shut(): void {
    this.#gate = 'shut'
    this.#port.pause()
    this.#feed.clear()
    this.#share.clear()
  }

  leave(): void {
    this.shut()
    this.#share.leave()
  }

  #resume(): void {
    if (this.#gate === 'open' && !this.#full) this.#port.resume()
  }
}
