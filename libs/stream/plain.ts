// Plain features: those that the record alone decides (a number, a phase of time, a category), and the two that need only
// the key's previous record (seconds since it, difference to it).
// A missing value is written as `fill`: NaN, or the constant of the spec as if the record had held it.

import { turn } from '../core/elementary.ts'
import { type Chunk, type Operation, reset, type Target } from './operation.ts'
import { writeColumn } from './write-column.ts'

const NONE = new Float64Array(0)

export function numberFeature(want: number, target: Target): Operation {
  return {
    hot: NONE,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      writeColumn(chunk.columns.numbers[want]!, chunk.source, chunk, target, out, stride)
    },
  }
}

/** sin and cos of the phase of a time in units of `unitMs`. */
export function cyclicFeature(want: number, unitMs: number, at: number, periodMs: number, fillMs: number): Operation {
  return {
    hot: NONE,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const times = chunk.columns.numbers[want]!
      const { count, source } = chunk
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const t = times[source[k]!]! * unitMs
        const phase = (!Number.isNaN(t) ? t : fillMs) / periodMs
        out[to] = turn(phase, 'sin')
        out[to + 1] = turn(phase, 'cos')
      }
    },
  }
}

/** A column for each value; none is 1 for a value that is not listed; all are NaN for a missing one, unless filled. */
export function oneHotFeature(want: number, at: number, span: number, fill: number | null): Operation {
  return {
    hot: NONE,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const codes = chunk.columns.codes[want]!
      const { count, source } = chunk
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const read = codes[source[k]!]!
        const missing = read === -2 && fill === null
        const code = read === -2 && fill !== null ? fill : read
        for (let v = 0; v < span; v++) out[to + v] = missing ? Number.NaN : v === code ? 1 : 0
      }
    },
  }
}

export function sinceLastFeature(target: Target): Operation {
  return {
    hot: NONE,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      writeColumn(chunk.sinceSeconds, chunk.each, chunk, target, out, stride)
    },
  }
}

/** The difference to the last value that was not missing; one cell, +∞ before the first. */
export function deltaFeature(want: number, at: number, fill: number): Operation {
  const hot = Float64Array.of(Number.POSITIVE_INFINITY)
  return {
    hot,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number): void {
      const values = chunk.columns.numbers[want]!
      const { count, source, cell, fresh } = chunk
      const { cells } = chunk.slab
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const last = cell[k]! + hotAt
        if (fresh[k] === 1) reset(cells, last, hot, 0, NONE)
        const x = values[source[k]!]! + 0
        const before = cells[last]!
        if (!Number.isNaN(x)) cells[last] = x
        out[to] = !Number.isNaN(x) && before < Number.POSITIVE_INFINITY ? x - before : fill
      }
    },
  }
}
