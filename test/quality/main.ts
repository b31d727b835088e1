// The quality program: how well the default kind finds anomalies on public tables and card payments, written to
// docs/quality.md. Use: node dist/test/quality/main.js [--sets vowels,card] [--seeds 0..4] [--kind ensemble] [--print]
// One kind with one setting for all sets, chosen before the run. With --series all, or names of series (smap, asd, skab),
// windows of these are measured instead. With --print, or some of the series alone, the document is left alone.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { detectorKinds } from '../../libs/stream/spec.ts'
import { absent, projectRoot, tableNames } from './datasets.ts'
import { cardSet, type Measured, measure } from './measure.ts'
import { report, withMeasured } from './report.ts'
import { measureSeries, type SeriesFigure, seriesReport, seriesSets } from './series.ts'

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: [...tableNames, cardSet].join(',') },
    seeds: { type: 'string', default: '0..4' },
    kind: { type: 'string', default: 'ensemble' },
    print: { type: 'boolean', default: false },
    series: { type: 'string' },
  },
})

function seedsOf(text: string): number[] {
  const [from = 0, to = from] = text.split('..').map(Number)
  if (text.includes(',')) return text.split(',').map(Number)
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

async function run(): Promise<void> {
  if (absent !== false) {
    console.log(`nothing measured: ${absent}`)
    return
  }
  const kind = detectorKinds.find((name) => name === values.kind)
  if (kind === undefined) throw new Error(`--kind is one of ${detectorKinds.join(', ')}`)
  if (values.series !== undefined) {
    const figures: SeriesFigure[] = []
    const sets = seriesSets.filter((set) => values.series === 'all' || values.series?.split(',').includes(set))
    for (const set of sets) figures.push(...(await measureSeries(set, kind)))
    const text = `Kind \`${kind}\`. Made by \`npm run quality -- --kind ${kind} --series all\`.\n\n${seriesReport(figures)}`
    write(text, 'series', values.print || values.series !== 'all')
    return
  }
  const measured: Measured[] = []
  for (const set of values.sets.split(',')) {
    for (const seed of seedsOf(values.seeds)) {
      const one = await measure(set, seed, kind, () => performance.now())
      measured.push(one)
      console.error(
        `${set} seed ${seed}: AUROC ${(100 * one.auroc).toFixed(2)} AP ${(100 * one.averagePrecision).toFixed(2)} ` +
          `alarms ${one.alarmRatio.toFixed(2)} × target, fit ${one.fitSeconds.toFixed(1)} s`,
      )
    }
  }
  const command = `npm run quality -- --sets ${values.sets} --seeds ${values.seeds} --kind ${kind}`
  const text = report(measured, kind, command)
  write(text, 'measured', values.print)
}

function write(text: string, name: 'measured' | 'series', printed: boolean): void {
  if (printed) {
    console.log(text)
    return
  }
  const file = path.join(projectRoot(), 'docs/quality.md')
  writeFileSync(file, withMeasured(readFileSync(file, 'utf8'), text, name))
  console.error(`written to ${file}`)
}

await run()
