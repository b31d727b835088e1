// Report: figures as the table of docs/bench.md, between markers, and as lines on a terminal. No figure is typed.

import { type Budget, type Figure, met } from './figure.ts'

export const marker = { from: '<!-- measured: begin -->', to: '<!-- measured: end -->' } as const

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly date: string
}

export interface Absence {
  readonly bench: string
  readonly reason: string
}

export function report(figures: readonly Figure[], absences: readonly Absence[], machine: Machine): string {
  const { processor, cores, node, date } = machine
  const parts = [`${processor}, ${cores} cores, Node ${node}, ${date}.`, grid(figures)]
  for (const { bench, reason } of absences) parts.push(`Not measured: ${bench}: ${reason}`)
  return parts.join('\n\n')
}

/** The document with the text between its markers replaced. */
export function withMeasured(document: string, text: string): string {
  const from = document.indexOf(marker.from)
  const to = document.indexOf(marker.to)
  if (from < 0 || to < from) throw new Error(`the document has no ${marker.from} … ${marker.to}`)
  return `${document.slice(0, from + marker.from.length)}\n\n${text}\n\n${document.slice(to)}`
}

export function line(figure: Figure): string {
  const { name, value, unit, floor, floorName, ratio } = figure
  const judged = verdictOf(figure)
  const beside = `${floorName}: ${shown(floor)}, ratio ${shown(ratio)}`
  return `${name}: ${shown(value)} ${unit} (${beside})${judged === '' ? '' : `; ${budgetOf(figure)}: ${judged}`}`
}

const heads = ['what', 'value', 'unit', 'floor', 'the floor is', 'ratio', 'budget', 'met?', 'not measured']
const rightAligned = new Set(['value', 'floor', 'ratio'])

function grid(figures: readonly Figure[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const lines = figures.map((figure) => {
    const { name, value, unit, floor, floorName, ratio, notMeasured } = figure
    const cells = [name, shown(value), unit, shown(floor), floorName, shown(ratio)]
    return row([...cells, budgetOf(figure), verdictOf(figure), notMeasured])
  })
  return [row(heads), row(heads.map((head) => (rightAligned.has(head) ? '---:' : '---'))), ...lines].join('\n')
}

function budgetOf({ budgets, unit }: Figure): string {
  return budgets.map((budget) => budgetText(budget, unit)).join(', ')
}

function budgetText({ of, kind, limit }: Budget, unit: string): string {
  const bound = `${kind === 'at-most' ? '≤' : '≥'} ${limit}`
  switch (of) {
    case 'value':
      return `${bound} ${unit}`
    case 'ratio':
      return `${bound} × floor`
    case 'excess':
      return `${bound} ${unit} above the floor`
    default:
      return of satisfies never
  }
}

/** Met, or what is missed and by how much. */
function verdictOf(figure: Figure): string {
  if (figure.budgets.length === 0) return ''
  const missed = figure.budgets.filter((budget) => !met(figure, budget))
  if (missed.length === 0) return 'met'
  const found = { value: figure.value, ratio: figure.ratio, excess: figure.value - figure.floor }
  return missed.map(({ of, limit }) => `**missed**: ${of} is ${shown(found[of] / limit)} × ${limit}`).join('; ')
}

/** Three significant digits, thousands apart. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 1000) return Number(value.toPrecision(3)).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
