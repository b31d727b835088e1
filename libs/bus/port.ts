// Port: what an adapter does for one partition, called by its runner alone. Every rejection is a Failure.

import type { Message } from '../core/message.ts'

export interface Port {
  /** Fences off every former owner, then answers the committed offset, or null if there is none. */
  fence(): Promise<number | null>
  /**
   * Makes messages and offset visible together (exactly-once), or the messages before the offset (at-least-once). A commit
   * of unknown outcome is a failed one.
   */
  commit(messages: readonly Message[], nextOffset: number): Promise<void>
  /** Fetching goes on from here; what was fetched before is not offered any more. */
  seek(offset: number): Promise<void> | void
  pause(): void
  resume(): void
  /** Leaves nothing open: aborts what is under way, disconnects. */
  close(): Promise<void>
}
