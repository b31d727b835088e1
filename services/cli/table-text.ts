// Table text: rows of numbers as the lines of a CSV file. A number is as short as it can be while it reads as the same
// float32; a missing one is an empty cell.

import type { Context } from './context.ts'

const digitsMin = 6
const digitsMax = 9

export function tableLines(names: readonly string[], cells: Float32Array): string[] {
  const lines = [names.map(named).join(',')]
  for (let from = 0; from < cells.length; from += names.length) {
    lines.push(Array.from(cells.subarray(from, from + names.length), numberText).join(','))
  }
  return lines
}

/** To the file, or to standard output. */
export function writeTable({ files, say }: Context, out: string | null, lines: readonly string[]): void {
  if (out === null) say(lines.join('\n'))
  else files.write(out, `${lines.join('\n')}\n`)
}

export function numberText(value: number): string {
  if (Number.isNaN(value)) return ''
  for (let digits = digitsMin; digits < digitsMax; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(digitsMax)))
}

/** A name that holds what a cell cannot is quoted. */
function named(name: string): string {
  return /[",\n\r]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
}
