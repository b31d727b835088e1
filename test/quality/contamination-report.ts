// Report of contamination: its measurements as tables of docs/quality.md, beside published figures.

import { type CardQuality, cardWays, plantedShares, type Quality } from './contamination.ts'
import { mean } from './metrics.ts'
import { grid, plusMinus } from './report.ts'

export interface Contamination {
  readonly cards: readonly CardQuality[]
  /** A mean over the tables for each seed. */
  readonly whole: readonly Quality[]
  /** The same for each of plantedShares. */
  readonly planted: readonly (readonly Quality[])[]
}

/** AUROC in percent of others that learn from the tables they score (arXiv 2305.18593, unsupervised). */
const publishedWhole = [
  ['kNN, published', '75.14'],
  ['DTE-NP, published', '74.20'],
  ['isolation forest, published', '72.83'],
  ['VAE, published', '71.87'],
  ['PCA, published', '67.96'],
  ['LOF, published', '62.06'],
] as const

const hundred = (value: (quality: Quality) => number) => (runs: readonly Quality[]) =>
  plusMinus(runs.map((run) => 100 * value(run)))
const auroc = hundred((quality) => quality.auroc)
const averagePrecision = hundred((quality) => quality.averagePrecision)

export function contaminationReport({ cards, whole, planted }: Contamination): string {
  return [cardTable(cards), wholeTable(whole), plantedTable(planted)].join('\n\n')
}

function cardTable(cards: readonly CardQuality[]): string {
  const lines = cardWays.map((way) => {
    const runs = cards.filter((run) => run.way === way)
    const three = (value: (run: CardQuality) => number): string => plusMinus(runs.map(value), 3)
    const looked = `${mean(runs.map((run) => run.looked)).toFixed(0)}, ${mean(runs.map((run) => run.called)).toFixed(0)}`
    return [
      way,
      way === 'after one round of feedback' ? looked : '–',
      three((run) => run.auroc),
      three((run) => run.averagePrecision),
      three((run) => run.cardPrecision),
    ]
  })
  return grid(['card payments, learned from', 'looked at, called fraud', 'AUC', 'AP', 'card precision@100'], lines)
}

function wholeTable(whole: readonly Quality[]): string {
  const ours = ['**this kind**', auroc(whole), averagePrecision(whole)]
  const others = publishedWhole.map(([method, value]) => [method, value, '–'])
  return grid(
    ['method (12 tables, learned from the rows that are scored)', 'mean AUROC, %', 'mean AP, %'],
    [ours, ...others],
  )
}

function plantedTable(planted: readonly (readonly Quality[])[]): string {
  const lines = plantedShares.map((share, i) => [
    `${(100 * share).toFixed(0)} %`,
    auroc(planted[i] ?? []),
    averagePrecision(planted[i] ?? []),
  ])
  return grid(['anomalies among the training rows (12 tables)', 'mean AUROC, %', 'mean AP, %'], lines)
}
