// Budget report: alarms over target as tables of docs/quality.md.

import { interval } from '../../libs/detector/gate-rate.ts'
import { alphas, families, type Spent, type Way, ways } from './budget.ts'
import { median } from './metrics.ts'
import { grid } from './report.ts'

const headings: Readonly<Record<Way, string>> = {
  detector: 'detector alone',
  task: 'as a task judges',
  adaptive: 'with `tail: adaptive`',
}

export function budgetReport(spent: readonly Spent[]): string {
  return [each(spent), ...alphas.map((alpha) => together(spent, alpha))].join('\n\n')
}

const ratio = ({ alarms, normal, alpha }: Spent, way: Way): number => alarms[way] / normal / alpha

/** Every set at the usual rate. */
function each(spent: readonly Spent[]): string {
  const lines = spent
    .filter(({ alpha }) => alpha === alphas[0])
    .map((one) => [one.set, String(one.normal), ...ways.map((way) => ratio(one, way).toFixed(2))])
  return grid(['alarms ÷ target at 1 %', 'normal rows', ...ways.map((way) => headings[way])], lines)
}

/** Of each family the median and the greatest, and all rows pooled with the binomial interval. */
function together(spent: readonly Spent[], alpha: number): string {
  const lines = families.flatMap((family) => {
    const own = spent.filter((one) => one.family === family && one.alpha === alpha)
    return own.length === 0 ? [] : [[family, ...ways.map((way) => summary(own, way, alpha))]]
  })
  const head = `at ${100 * alpha} %: median, greatest; pooled [95 %]`
  return grid([head, ...ways.map((way) => headings[way])], lines)
}

function summary(own: readonly Spent[], way: Way, alpha: number): string {
  const ratios = own.map((one) => ratio(one, way))
  const rows = own.reduce((sum, { normal }) => sum + normal, 0)
  const alarms = own.reduce((sum, one) => sum + one.alarms[way], 0)
  // As if rows were independent: those of windows are not.
  const { low, high } = interval(alarms / rows, rows)
  const times = (rate: number): string => (rate / alpha).toFixed(2)
  return `${median(ratios).toFixed(2)}, ${Math.max(...ratios).toFixed(2)}; ${times(alarms / rows)} [${times(low)}, ${times(high)}]`
}
