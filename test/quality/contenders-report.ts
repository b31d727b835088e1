// Contenders report: trials of settings and kinds as tables, beside PyOD's autoencoder, measured by pyod-autoencoder.py, and
// beside what others published of the same tables.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Contender, kinds, settings, type Trial } from './contenders.ts'
import { projectRoot, readText, tableNames } from './datasets.ts'
import { cardSet } from './measure.ts'
import { mean } from './metrics.ts'
import { grid } from './report.ts'

const others = ['KNN', 'LOF', 'IForest', 'OCSVM', 'PCA', 'VAE', 'ICL', 'DTE-NP', 'DTE-C'] as const
const pyod = 'PyOD AutoEncoder'

/** In percent. */
export interface Quality {
  readonly auroc: number
  readonly ap: number
}

export interface Reference {
  /** Of each table, seeds 0 and 1. */
  readonly pyod: ReadonlyMap<string, Quality>
  /** Of each table, AUROC in percent by method. */
  readonly published: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export function readReference(): Reference {
  const made = readFileSync(path.join(projectRoot(), 'test/quality/pyod-autoencoder.csv'), 'utf8')
  const lines = made.split('\n').filter((line) => /^[\w-]+,\d/.test(line))
  const cells = lines.map((line) => line.split(','))
  const of = (set: string, column: number): number =>
    mean(cells.filter((line) => line[0] === set).map((line) => Number(line[column])))
  const [header = '', ...rows] = readText('tabular/published_auroc_normal_only.csv').trim().split(/\r?\n/)
  const methods = header.split(',')
  const published = rows.map((row) => {
    const [set = '', ...values] = row.split(',')
    return [set, new Map(values.map((value, i) => [methods[i + 1] ?? '', Number(value)]))] as const
  })
  return {
    pyod: new Map(tableNames.map((set) => [set, { auroc: of(set, 2), ap: of(set, 3) }])),
    published: new Map(published),
  }
}

export function contendersReport(trials: readonly Trial[], reference: Reference): string {
  return [
    'Settings of the ensemble: AUROC / AP in percent, and the difference of AUROC to PyOD’s autoencoder.',
    settingsTable(trials, reference),
    'AUROC in percent of others, as published, beside the settings.',
    publishedTable(trials, reference),
    'Other kinds: AUROC / AP in percent.',
    kindsTable(trials),
  ].join('\n\n')
}

type Value = (trial: Trial) => number

const auroc: Value = (trial) => 100 * trial.auroc
const ap: Value = (trial) => 100 * trial.averagePrecision

function qualityOf(trials: readonly Trial[], { name }: Contender, set: string, value: Value): number {
  return mean(trials.filter((trial) => trial.contender === name && trial.set === set).map(value))
}

function meanOf(trials: readonly Trial[], contender: Contender, value: Value): number {
  return mean(tableNames.map((set) => qualityOf(trials, contender, set, value)))
}

function both(trials: readonly Trial[], contender: Contender, set: string | null): string {
  const [first, second] = [auroc, ap].map((value) =>
    set === null ? meanOf(trials, contender, value) : qualityOf(trials, contender, set, value),
  )
  return `${first?.toFixed(1)} / ${second?.toFixed(1)}`
}

function settingsTable(trials: readonly Trial[], { pyod: beside }: Reference): string {
  const gap = (set: string, setting: Contender): string =>
    signed(qualityOf(trials, setting, set, auroc) - (beside.get(set)?.auroc ?? 0))
  const lines = tableNames.map((set) => {
    const { auroc: own = 0, ap: ownAp = 0 } = beside.get(set) ?? {}
    const found = settings.map((setting) => both(trials, setting, set))
    return [set, ...found, `${own.toFixed(1)} / ${ownAp.toFixed(1)}`, ...settings.map((setting) => gap(set, setting))]
  })
  const all = [...beside.values()]
  const [meanAuroc, meanAp] = [mean(all.map((each) => each.auroc)), mean(all.map((each) => each.ap))]
  const gaps = settings.map((setting) => signed(meanOf(trials, setting, auroc) - meanAuroc))
  const found = settings.map((setting) => both(trials, setting, null))
  lines.push(['**mean**', ...found, `${meanAuroc.toFixed(1)} / ${meanAp.toFixed(1)}`, ...gaps])
  const nothing = ['', ...settings.map(() => '')]
  for (const row of besides(trials, settings)) lines.push([...row, ...nothing])
  return grid(
    ['table', ...settings.map(({ name }) => name), pyod, ...settings.map(({ name }) => `${name} − PyOD`)],
    lines,
  )
}

function publishedTable(trials: readonly Trial[], { published }: Reference): string {
  const line = (name: string, set: string, own: (setting: Contender) => number): string[] => {
    const row = published.get(set)
    return [
      name,
      ...settings.map((setting) => own(setting).toFixed(1)),
      ...others.map((other) => row?.get(other)?.toFixed(1) ?? '–'),
    ]
  }
  const lines = tableNames.map((set) => line(set, set, (setting) => qualityOf(trials, setting, set, auroc)))
  lines.push(line('**mean**', 'MEAN', (setting) => meanOf(trials, setting, auroc)))
  return grid(['table', ...settings.map(({ name }) => name), ...others], lines)
}

function kindsTable(trials: readonly Trial[]): string {
  const lines = [...tableNames, null].map((set) => [set ?? '**mean**', ...kinds.map((kind) => both(trials, kind, set))])
  lines.push(...besides(trials, kinds))
  return grid(['table', ...kinds.map(({ name }) => name)], lines)
}

/** What is not of the tables' quality: card payments, and what it costs. */
function besides(trials: readonly Trial[], contenders: readonly Contender[]): string[][] {
  const costs = (value: Value, digits: number): string[] =>
    contenders.map((contender) => meanOf(trials, contender, value).toFixed(digits))
  return [
    ['card payments', ...contenders.map((contender) => both(trials, contender, cardSet))],
    ['µs of a core per row, making the engine included', ...costs((trial) => trial.scoreMicroseconds, 2)],
    ['seconds of a core to train, mean of tables', ...costs((trial) => trial.fitSeconds, 1)],
  ]
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`
}
