// Expressions: which metrics a PromQL expression speaks of, as far as names tell.

import { metricTable } from '../../libs/run/metric-table.ts'

/** Names of ours, and of the process, in an expression: what is quoted or a label is left out by its shape. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replace(/"[^"]*"/g, '""')
  return [
    ...new Set(bare.match(/(?<![\w:])(?:[a-z_]+:)?(?:plumbline|process|nodejs)_[a-z0-9_]+(?::[a-z0-9_]+)?/g) ?? []),
  ]
}

/** Series that a scrape can give: a histogram gives three. */
export function knownSeries(): Set<string> {
  const known = new Set(processSeries)
  for (const { name, type } of metricTable) {
    if (type === 'histogram') for (const part of ['bucket', 'sum', 'count']) known.add(`${name}_${part}`)
    else known.add(name)
  }
  return known
}

/** What is used of the metrics that every process has. */
const processSeries = ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']

/** Labels of ours that an expression selects or groups by, beside the metric that has them. */
export function labelsIn(expr: string): string[] {
  const selected = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label = '']) => label),
  )
  const grouped = [...expr.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap(([, inside = '']) =>
    inside.split(',').map((label) => label.trim()),
  )
  return [...new Set([...selected, ...grouped])]
}
