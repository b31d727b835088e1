// Remembered: what a task remembers of scores, as plain values and as they travel in the ledger of each transaction.
// Invariants
//   R1 what `remembered` takes has the form that `written` gives: lengths, counts, finite scores; anything else throws.

import type { Block } from '../detector/peaks.ts'

/** Blocks of a storm that are held against each other, and how many scores of each: those compared, and the highest. */
export const stretchBlocks = 16
export const sampledOfBlock = 16
export const keptOfBlock = 16
/** Keys are told apart by so many cells of their hash. */
export const keyCells = 64
/** Blocks that an adaptive tail holds, and how many scores of each. */
export const tailBlocks = 16
export const keptOfTail = 32

export interface RegimeState {
  /** Of the block that is open. */
  readonly rows: number
  readonly alarms: number
  readonly beyondOwn: number
  /** Blocks of the storm so far; the first is not collected. */
  readonly hot: number
  readonly stretchAlarms: number
  /** Blocks in a row in which the detector's own threshold would do. */
  readonly calm: number
  /** Of the new regime; null in the detector's own. */
  readonly threshold: number | null
  /** Scores, in order; and how often rows and alarms met each cell of keys (none: no storm). */
  readonly sample: Float32Array
  readonly keyRows: readonly number[]
  readonly keyAlarms: readonly number[]
  readonly blocks: readonly Block[]
  readonly open: Float32Array
}

export interface TailState {
  readonly rows: number
  /** Rows of the open block that did not alarm. */
  readonly offered: number
  readonly threshold: number
  readonly blocks: readonly Block[]
  readonly open: Float32Array
}

export interface Remembered {
  readonly regime: RegimeState
  readonly tail: TailState | null
}

/** As JSON; scores packed. */
export function written({ regime, tail }: Remembered): unknown {
  return {
    regime: { ...regime, ...writtenPeaks(regime), sample: packed(regime.sample) },
    tail: tail === null ? null : { ...tail, ...writtenPeaks(tail) },
  }
}

/** Throws Error for what was not written by `written`. */
export function remembered(raw: unknown): Remembered {
  const { regime, tail } = fields(raw)
  return { regime: regimeOf(fields(regime)), tail: tail === null ? null : tailOf(fields(tail)) }
}

function regimeOf(raw: Fields): RegimeState {
  return {
    rows: whole(raw['rows']),
    alarms: whole(raw['alarms']),
    beyondOwn: whole(raw['beyondOwn']),
    hot: whole(raw['hot']),
    stretchAlarms: whole(raw['stretchAlarms']),
    calm: whole(raw['calm']),
    threshold: raw['threshold'] === null ? null : finite(raw['threshold']),
    sample: unpacked(raw['sample'], stretchBlocks * sampledOfBlock + sampledOfBlock),
    keyRows: list(raw['keyRows'], keyCells).map(whole),
    keyAlarms: list(raw['keyAlarms'], keyCells).map(whole),
    ...peaksOf(raw, stretchBlocks, keptOfBlock),
  }
}

function tailOf(raw: Fields): TailState {
  return {
    rows: whole(raw['rows']),
    offered: whole(raw['offered']),
    threshold: finite(raw['threshold']),
    ...peaksOf(raw, tailBlocks, keptOfTail),
  }
}

interface Held {
  readonly blocks: readonly Block[]
  readonly open: Float32Array
}

function writtenPeaks({ blocks, open }: Held): Fields {
  return { blocks: blocks.map((block) => ({ ...block, scores: packed(block.scores) })), open: packed(open) }
}

function peaksOf(raw: Fields, blocksMax: number, kept: number): Held {
  const blocks = list(raw['blocks'], blocksMax).map((each): Block => {
    const block = fields(each)
    return {
      scores: unpacked(block['scores'], kept),
      rows: whole(block['rows']),
      ceiling: block['ceiling'] === null ? null : finite(block['ceiling']),
    }
  })
  return { blocks, open: unpacked(raw['open'], kept) }
}

type Fields = Readonly<Record<string, unknown>>

function fields(raw: unknown): Fields {
  if (typeof raw !== 'object' || raw === null) throw new Error('the memory of scores is not whole')
  return raw as Fields
}

function list(raw: unknown, longest: number): readonly unknown[] {
  if (!Array.isArray(raw) || raw.length > longest) throw new Error('the memory of scores lacks a list')
  return raw
}

function whole(raw: unknown): number {
  if (typeof raw !== 'number' || !Number.isSafeInteger(raw) || raw < 0)
    throw new Error(`the memory of scores counts ${raw}`)
  return raw
}

function finite(raw: unknown): number {
  if (typeof raw !== 'number' || !Number.isFinite(raw)) throw new Error(`the memory of scores holds ${raw}`)
  return raw
}

const scoreBytes = 4

function packed(scores: Float32Array): string {
  const bytes = Buffer.alloc(scores.length * scoreBytes)
  for (const [i, score] of scores.entries()) bytes.writeFloatLE(score, i * scoreBytes)
  return bytes.toString('base64')
}

function unpacked(raw: unknown, longest: number): Float32Array {
  const bytes = Buffer.from(String(raw), 'base64')
  if (typeof raw !== 'string' || bytes.length % scoreBytes !== 0 || bytes.length > longest * scoreBytes)
    throw new Error('the memory of scores is cut')
  return Float32Array.from({ length: bytes.length / scoreBytes }, (_, i) => finite(bytes.readFloatLE(i * scoreBytes)))
}
