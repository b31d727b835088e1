// Report: measurements as the tables of docs/quality.md, beside published figures. Written between markers; the text around
// them is by hand and says nothing that a measurement could prove wrong.

import { cardSet, type Measured } from './measure.ts'
import { mean, median, spread } from './metrics.ts'

/** AUROC in percent of others on the same tables (arXiv 2305.18593, semi-supervised), and of PyOD's autoencoder by us. */
const published: readonly (readonly [method: string, auroc: string, ap: string])[] = [
  ['kNN (5), published', '79.17', '–'],
  ['DTE-C, published', '78.08', '–'],
  ['LOF, published', '78.05', '–'],
  ['PyOD AutoEncoder, defaults, two seeds', '76.97', '52.98'],
  ['isolation forest, published', '74.98', '–'],
  ['VAE, published', '72.68', '–'],
  ['PCA, published', '70.37', '–'],
]
const cardReferences: readonly (readonly string[])[] = [
  ['PyOD AutoEncoder, defaults, two seeds', '.858', '.291', '.264'],
  ['Mahalanobis distance (Ledoit–Wolf)', '.860', '.236', '.269'],
  ['kNN (5), all rows as reference', '.854', '.244', '.239'],
  ['autoencoder 15-100-20-100-15 of the Fraud Detection Handbook', '.846', '.192', '.239'],
  ['isolation forest, 10 trees', '.812', '.117', '.159'],
]

export function report(measured: readonly Measured[], kind: string, command: string): string {
  const sets = [...new Set(measured.map(({ set }) => set))]
  const tables = sets.filter((set) => set !== cardSet)
  const of = (set: string): readonly Measured[] => measured.filter((each) => each.set === set)
  const seeds = [...new Set(measured.map(({ seed }) => seed))]
  const parts = [`Kind \`${kind}\`, one setting for all sets; seeds ${seeds.join(', ')}. Made by \`${command}\`.`]
  if (tables.length > 0) parts.push(tableQuality(tables, of), means(tables, of, seeds))
  if (sets.includes(cardSet)) parts.push(cardQuality(of(cardSet)))
  parts.push(budget(sets, of))
  return parts.join('\n\n')
}

type Of = (set: string) => readonly Measured[]

function tableQuality(tables: readonly string[], of: Of): string {
  const lines = tables.map((set) => {
    const runs = of(set)
    return [
      set,
      String(runs[0]?.rows ?? 0),
      plusMinus(runs.map(({ auroc }) => 100 * auroc)),
      plusMinus(runs.map(({ averagePrecision }) => 100 * averagePrecision)),
      (100 * mean(runs.map(({ f1AtN }) => f1AtN))).toFixed(1),
      mean(runs.map(({ fitSeconds }) => fitSeconds)).toFixed(1),
      mean(runs.map(({ scoreMicroseconds }) => scoreMicroseconds)).toFixed(2),
    ]
  })
  return grid(['table', 'rows', 'AUROC, %', 'AP, %', 'F1@n, %', 'fit, s', 'score, µs/row'], lines)
}

function means(tables: readonly string[], of: Of, seeds: readonly number[]): string {
  const perSeed = (value: (run: Measured) => number): number[] =>
    seeds.map((seed) =>
      mean(
        tables.map(
          (set) =>
            100 *
            mean(
              of(set)
                .filter((run) => run.seed === seed)
                .map(value),
            ),
        ),
      ),
    )
  const ours = [
    `**this kind, mean of ${tables.length} tables**`,
    plusMinus(perSeed(({ auroc }) => auroc)),
    plusMinus(perSeed(({ averagePrecision }) => averagePrecision)),
  ]
  return grid(['method (12 tables)', 'mean AUROC, %', 'mean AP, %'], [ours, ...published])
}

function cardQuality(runs: readonly Measured[]): string {
  const ours = [
    '**this kind, contaminated training**',
    plusMinus(
      runs.map(({ auroc }) => auroc),
      3,
    ),
    plusMinus(
      runs.map(({ averagePrecision }) => averagePrecision),
      3,
    ),
    plusMinus(
      runs.map((run) => run.cardPrecision),
      3,
    ),
  ]
  return grid(['card payments', 'AUC', 'AP', 'card precision@100'], [ours, ...cardReferences])
}

/** Realised alarms among normal test rows, as a multiple of the target. */
function budget(sets: readonly string[], of: Of): string {
  const ratio = (set: string): number => mean(of(set).map(({ alarmRatio }) => alarmRatio))
  const shuffled = (set: string): number =>
    mean(
      of(set)
        .filter((run) => !Number.isNaN(run.alarmRatioShuffled))
        .map((run) => run.alarmRatioShuffled),
    )
  const lines = sets.map((set) => [set, ratio(set).toFixed(2), times(shuffled(set))])
  lines.push([
    '**median**',
    median(sets.map(ratio)).toFixed(2),
    times(median(sets.map(shuffled).filter((value) => !Number.isNaN(value)))),
  ])
  return grid(['alarms ÷ target (1 % of normal rows)', 'in file order', 'order shuffled, seed 0'], lines)
}

function times(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–'
}

export function plusMinus(values: readonly number[], digits = 2): string {
  const middle = mean(values).toFixed(digits)
  return values.length === 1 ? middle : `${middle} ± ${spread(values).toFixed(digits)}`
}

export function grid(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(header), row(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...lines.map(row)].join('\n')
}

/** What is written between markers of its name. */
export type Block = 'kinds' | 'measured' | 'series' | 'contamination' | 'explanations' | 'budget'

/** The document with the text between the markers of that name replaced. */
export function withMeasured(document: string, text: string, name: Block = 'measured'): string {
  const marker = { from: `<!-- ${name}: begin -->`, to: `<!-- ${name}: end -->` }
  const from = document.indexOf(marker.from)
  const to = document.indexOf(marker.to)
  if (from < 0 || to < from) throw new Error(`the document has no ${marker.from} … ${marker.to}`)
  return `${document.slice(0, from + marker.from.length)}\n\n${text}\n\n${document.slice(to)}`
}
