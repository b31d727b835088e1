// Cells: an order of rows in which each run of cellRows holds rows that are near each other. The rows are halved, again and
// again, across the direction in which they spread most; halves are whole cells, so that no cell but the last is part full.

import { cellRows } from '../model.ts'

/** Rounds of the power iteration that finds the direction; near enough is good enough. */
const rounds = 6

/** Positions of rows (stride = width), cell after cell. */
export function cellOrder(rows: Float32Array, count: number, width: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  split(rows, width, order)
  return order
}

function split(rows: Float32Array, width: number, order: Int32Array): void {
  const cells = Math.ceil(order.length / cellRows)
  if (cells < 2) return
  const direction = spreadMost(rows, width, order)
  const along = (row: number): number => {
    let sum = 0
    for (let j = 0; j < width; j++) sum += rows[row * width + j]! * direction[j]!
    return sum
  }
  const places = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) places[i] = along(order[i]!)
  const sorted = Int32Array.from({ length: order.length }, (_, i) => i).sort((a, b) => places[a]! - places[b]! || a - b)
  order.set(sorted.map((i) => order[i]!))
  const middle = Math.ceil(cells / 2) * cellRows
  split(rows, width, order.subarray(0, middle))
  split(rows, width, order.subarray(middle))
}

/** The main axis of the rows, not scaled; it begins with their variances. */
function spreadMost(rows: Float32Array, width: number, order: Int32Array): Float64Array {
  const mean = new Float64Array(width)
  for (const row of order) for (let j = 0; j < width; j++) mean[j]! += rows[row * width + j]! / order.length
  const centred = new Float64Array(order.length * width)
  let direction = new Float64Array(width)
  for (let i = 0; i < order.length; i++)
    for (let j = 0; j < width; j++) {
      const value = rows[order[i]! * width + j]! - mean[j]!
      centred[i * width + j] = value
      direction[j]! += value * value
    }
  for (let round = 0; round < rounds; round++) {
    const next = new Float64Array(width)
    let norm = 0
    for (let j = 0; j < width; j++) norm += direction[j]! * direction[j]!
    if (norm === 0) return direction
    for (let j = 0; j < width; j++) direction[j]! /= Math.sqrt(norm)
    for (let at = 0; at < centred.length; at += width) {
      let sum = 0
      for (let j = 0; j < width; j++) sum += centred[at + j]! * direction[j]!
      for (let j = 0; j < width; j++) next[j]! += sum * centred[at + j]!
    }
    direction = next
  }
  return direction
}
