// The report of explanations: how often the features that were made bad lead, beside simpler rankings, table by table, kind by
// kind, and for windows.

import type { Explained } from './explain.ts'
import { mean, median } from './metrics.ts'
import { type Rival, rivals } from './rankings.ts'
import { grid } from './report.ts'

const ways: readonly (Rival | 'explained')[] = ['explained', ...rivals]

export interface Explanations {
  /** The ensemble on tables, with each seed. */
  readonly tables: readonly Explained[]
  /** Other kinds on tables, with the first seed. */
  readonly kinds: readonly Explained[]
  /** The ensemble on windows of servers. */
  readonly servers: readonly Explained[]
}

export function explainReport({ tables, kinds, servers }: Explanations): string {
  return [
    grid(
      ['table', 'features to blame', 'rows', ...ways.map((way) => `${way}, %`), 'expected, off by', 'ms'],
      [1, 2].flatMap((count) => [
        ...setsOf(tables).map((set) => line(set, of(tables, set, count))),
        all(tables, count),
      ]),
    ),
    grid(
      [
        'other kind, 12 tables',
        'features to blame',
        'rows',
        ...ways.map((way) => `${way}, %`),
        'expected, off by',
        'ms',
      ],
      [...new Set(kinds.map(({ kind }) => kind))].flatMap((kind) => {
        const own = kinds.filter((each) => each.kind === kind)
        return [1, 2].map((count) => [kind, ...all(own, count).slice(1)])
      }),
    ),
    grid(
      [
        'servers, windows of 64 steps',
        'features to blame',
        'rows',
        ...ways.map((way) => `${way}, %`),
        'onset, %',
        'ms',
      ],
      [1, 2].map((count) => {
        const own = servers.filter((each) => each.count === count)
        const onset = mean(own.map(({ onsets, rows }) => (100 * onsets) / rows)).toFixed(1)
        return all(servers, count).toSpliced(3 + ways.length, 1, onset)
      }),
    ),
  ].join('\n\n')
}

function setsOf(explained: readonly Explained[]): string[] {
  return [...new Set(explained.map(({ set }) => set))]
}

function of(explained: readonly Explained[], set: string, count: number): Explained[] {
  return explained.filter((each) => each.set === set && each.count === count && each.rows > 0)
}

/** Rows of all seeds together. */
function line(set: string, runs: readonly Explained[]): string[] {
  if (runs.length === 0) return [set]
  const rows = sum(runs, (run) => run.rows)
  const percent = (way: Rival | 'explained'): number => (100 * sum(runs, ({ hits }) => hits[way])) / rows
  return [
    set,
    `${runs[0]?.count}`,
    `${rows}`,
    ...ways.map((way) => percent(way).toFixed(1)),
    offBy(runs).toFixed(2),
    (sum(runs, (run) => run.rows * run.microseconds) / rows / 1000).toFixed(2),
  ]
}

/** The mean over sets of what a line has. */
function all(explained: readonly Explained[], count: number): string[] {
  const lines = setsOf(explained)
    .map((set) => line(set, of(explained, set, count)))
    .filter((each) => each.length > 1)
  const column = (at: number): number[] => lines.map((each) => Number(each[at]))
  return [
    '**mean**',
    `${count}`,
    `${column(2).reduce((total, rows) => total + rows, 0)}`,
    ...ways.map((_, i) => mean(column(3 + i)).toFixed(1)),
    mean(column(3 + ways.length)).toFixed(2),
    mean(column(4 + ways.length)).toFixed(2),
  ]
}

function offBy(runs: readonly Explained[]): number {
  return median(runs.flatMap(({ errors }) => [...errors]))
}

function sum(runs: readonly Explained[], value: (run: Explained) => number): number {
  return runs.reduce((total, run) => total + value(run), 0)
}
