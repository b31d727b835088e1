// The bench program: every budget of this project beside the floor that was measured in the same run, on this machine; the
// table of docs/bench.md is written by it. Use: npm run bench -- [--only decode,kernel] [--quick]
// With --quick (rough figures, a minute or two) or --only the document is left alone.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../root.ts'
import { apart, type Figure } from './figure.ts'
import { benches, type Outcome } from './one.ts'
import { type Absence, line, report, withMeasured } from './report.ts'

const all = Object.keys(benches)
const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
})
const names = values.only?.split(',') ?? all
const unknown = names.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}; there are ${all.join(', ')}`)
  process.exit(2)
}

const figures: Figure[] = []
const absences: Absence[] = []
for (const name of names) {
  const outcome = await apart<Outcome>('one.js', [name, values.quick ? 'quick' : 'full'])
  if (outcome.absent !== null) {
    absences.push({ bench: name, reason: outcome.absent })
    console.log(`${name}: not measured: ${outcome.absent}`)
  }
  for (const figure of outcome.figures) console.log(line(figure))
  figures.push(...outcome.figures)
}
if (!values.quick && values.only === undefined) {
  const [processor] = cpus()
  const machine = {
    processor: processor?.model.trim() ?? 'an unknown processor',
    cores: cpus().length,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  }
  const file = path.join(root, 'docs/bench.md')
  writeFileSync(file, withMeasured(readFileSync(file, 'utf8'), report(figures, absences, machine)))
  console.error(`written to ${file}`)
}
