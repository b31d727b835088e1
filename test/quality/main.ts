// The quality program: how well the default kind finds anomalies on public tables and card payments, written to
// docs/quality.md. Use: node dist/test/quality/main.js [--sets vowels,card] [--seeds 0..4] [--kind ensemble] [--print]
// One kind with one setting for all sets, chosen before the run. With --series all, or names of series (smap, asd, skab,
// nab), windows of these are measured instead; with --contamination, what anomalies among the training rows cost; with
// --budget, how often normal rows alarm; with --explain, whether explanations name what is bad; with --kinds all, every kind
// and setting in turn (--keep FILE: what was measured is kept there, so that a run which was broken off goes on). With
// --print, or some of the series alone, the document is left alone.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type DetectorKind, detectorKinds } from '../../libs/stream/spec.ts'
import { measureBudget, type Spent } from './budget.ts'
import { budgetReport } from './budget-report.ts'
import {
  type CardQuality,
  measureCards,
  measurePlanted,
  measureWhole,
  plantedShares,
  type Quality,
} from './contamination.ts'
import { type Contamination, contaminationReport } from './contamination-report.ts'
import { trials } from './contenders.ts'
import { contendersReport, readReference } from './contenders-report.ts'
import { absent, projectRoot, tableNames } from './datasets.ts'
import { measureExplanations } from './explain.ts'
import { explainReport } from './explain-report.ts'
import { cardSet, type Measured, measure } from './measure.ts'
import { type Block, report, withMeasured } from './report.ts'
import { measureSeries, seriesSets } from './series.ts'
import { type SeriesFigure, seriesReport } from './series-report.ts'

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: [...tableNames, cardSet].join(',') },
    seeds: { type: 'string', default: '0..4' },
    kind: { type: 'string', default: 'ensemble' },
    print: { type: 'boolean', default: false },
    series: { type: 'string' },
    contamination: { type: 'boolean', default: false },
    kinds: { type: 'string' },
    keep: { type: 'string' },
    explain: { type: 'boolean', default: false },
    budget: { type: 'boolean', default: false },
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
  if (values.kinds === 'all') {
    const seeds = seedsOf(values.seeds)
    const found = await trials({ seeds, file: values.keep ?? null, nowMs: processorMs, say: console.error })
    const of = `Seeds ${seeds.join(', ')}; of other kinds the first two of them.`
    const text = contendersReport(found, readReference())
    write(`${of} Made by \`npm run quality -- --kinds all --seeds ${values.seeds}\`.\n\n${text}`, 'kinds', values.print)
    return
  }
  if (values.contamination) {
    const command = `npm run quality -- --contamination --seeds ${values.seeds} --kind ${kind}`
    const text = contaminationReport(await measureContamination(kind, seedsOf(values.seeds)))
    write(`Kind \`${kind}\`, seeds ${values.seeds}. Made by \`${command}\`.\n\n${text}`, 'contamination', values.print)
    return
  }
  if (values.explain) {
    const text = explainReport(await measureExplanations(seedsOf(values.seeds), () => performance.now()))
    const command = `npm run quality -- --explain --seeds ${values.seeds}`
    write(`Seeds ${values.seeds}. Made by \`${command}\`.\n\n${text}`, 'explanations', values.print)
    return
  }
  if (values.budget) {
    const spent: Spent[] = []
    for await (const one of measureBudget(kind, 0)) spent.push(one)
    const command = `npm run quality -- --budget --kind ${kind}`
    write(`Kind \`${kind}\`, seed 0. Made by \`${command}\`.\n\n${budgetReport(spent)}`, 'budget', values.print)
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

/** A busy machine takes longer, but no more of its processor. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function measureContamination(kind: DetectorKind, seeds: readonly number[]): Promise<Contamination> {
  const cards: CardQuality[] = []
  const whole: Quality[] = []
  const planted: Quality[][] = plantedShares.map(() => [])
  const say = (what: string, { auroc, averagePrecision }: Quality): void =>
    console.error(`${what}: AUROC ${(100 * auroc).toFixed(2)} AP ${(100 * averagePrecision).toFixed(2)}`)
  for (const seed of seeds) {
    for (const one of await measureCards(seed, kind)) {
      cards.push(one)
      say(`card, ${one.way}, seed ${seed}`, one)
    }
    const together = await measureWhole(seed, kind)
    whole.push(together)
    say(`tables learned whole, seed ${seed}`, together)
    for (const [i, share] of plantedShares.entries()) {
      const one = await measurePlanted(share, seed, kind)
      planted[i]?.push(one)
      say(`tables with ${100 * share} % planted, seed ${seed}`, one)
    }
  }
  return { cards, whole, planted }
}

function write(text: string, name: Block, printed: boolean): void {
  if (printed) {
    console.log(text)
    return
  }
  const file = path.join(projectRoot(), 'docs/quality.md')
  writeFileSync(file, withMeasured(readFileSync(file, 'utf8'), text, name))
  console.error(`written to ${file}`)
}

await run()
