// Text scratch: where texts go that do not lie in the run's own bytes, namely rendered numbers and unescaped strings.
// Invariants
//   T1 positions stay valid until the next `begin`: a scratch that is full is replaced by a longer copy of itself.
//   T2 an integer is rendered exactly, also beyond 2^53; equal numbers render to equal bytes.

import { Columns } from './columns.ts'
import { exactLong } from './varint.ts'

const BYTES_MIN = 4096

export class TextScratch {
  #columns = new Columns([], 0)
  #used = 0

  /** Called once before the rows of a run are filled. */
  begin(columns: Columns): void {
    this.#columns = columns
    this.#used = 0
  }

  /** Sets the text of a row to the ASCII or UTF-8 bytes of `text`. */
  put(want: number, row: number, text: string): void {
    const length = Buffer.byteLength(text)
    const at = this.room(length)
    const columns = this.#columns
    Buffer.from(columns.scratch.buffer, columns.scratch.byteOffset).write(text, at)
    columns.textAt[want]![row] = at
    columns.textLength[want]![row] = length
    columns.textScratch[want]![row] = 1
  }

  /** Reserves bytes in the scratch and answers where they begin. */
  room(length: number): number {
    const columns = this.#columns
    const at = this.#used
    if (at + length > columns.scratch.length) {
      const longer = new Uint8Array(Math.max(BYTES_MIN, 2 * columns.scratch.length, at + length))
      longer.set(columns.scratch)
      columns.scratch = longer
    }
    this.#used = at + length
    return at
  }

  /** The integer that a varint at `at` holds; `value` is what it reads as in double precision. */
  putLong(want: number, row: number, value: number, bytes: Uint8Array, at: number): void {
    this.put(want, row, String(Number.isSafeInteger(value) ? value : exactLong(bytes, at)))
  }
}
