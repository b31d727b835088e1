// Rival: a trivial detector for a first candidate to stand beside: the largest robust z-score of a row's columns, at the same
// alarm budget on the same rows.

import type { Finder } from './gate-recall.ts'

export interface RivalRows {
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  readonly alpha: number
}

export function robustRival({ rows, count, alpha, width }: RivalRows): Finder {
  const centre = new Float64Array(width)
  const scale = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    const column: number[] = []
    for (let i = 0; i < count; i++) if (!Number.isNaN(rows[i * width + j]!)) column.push(rows[i * width + j]!)
    centre[j] = middle(column)
    scale[j] = 1.4826 * middle(column.map((value) => Math.abs(value - centre[j]!))) || 1
  }
  const scoreOf = (from: Float32Array, n: number): Float32Array => {
    const scores = new Float32Array(n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < width; j++) {
        const z = Math.abs(from[i * width + j]! - centre[j]!) / scale[j]!
        if (z > scores[i]!) scores[i] = z
      }
    return scores
  }
  const normal = scoreOf(rows, count).sort()
  const threshold = normal[Math.min(count - 1, Math.ceil((count + 1) * (1 - alpha)) - 1)]!
  return (from, n) => Uint8Array.from(scoreOf(from, n), (score) => (score > threshold ? 1 : 0))
}

export function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
}
