// The gate's power: on simulated streams, how many of the candidates that are really worse it refuses, and how many of those
// that are equal or better; what is what, see gate-cases.ts.
// Use: node dist/test/quality/gate.js [--worlds 20] [--seed 0] [--kind undercomplete]
// Not measured: labelled rows and canaries (there are none in these worlds); kinds that train for minutes.

import { parseArgs } from 'node:util'
import { type GateResult, gate } from '../../libs/detector/gate.ts'
import { interval } from '../../libs/detector/gate-rate.ts'
import { detectorKinds } from '../../libs/stream/spec.ts'
import { goodWays, type Site, ways } from './gate-candidates.ts'
import { type Case, casesOf, heldOut, type Known, knownOf, modelsOf, siteOf, truths, usualName } from './gate-cases.ts'

interface Judged extends Case {
  readonly result: GateResult
}

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
    kind: { type: 'string', default: 'undercomplete' },
  },
})

async function run(): Promise<void> {
  const kind = detectorKinds.find((one) => one === values.kind) ?? 'undercomplete'
  const judged: Judged[] = []
  const first: GateResult[] = []
  const worlds = Number(values.worlds)
  for (let seed = Number(values.seed); seed < Number(values.seed) + worlds; seed++) {
    const site = siteOf(seed, kind)
    const known = knownOf(site, await modelsOf(site))
    const judge = judgeOf(site)
    for (const one of casesOf(site, known)) judged.push({ ...one, result: judge(one.candidate, one.incumbent) })
    for (const one of known) if (isGood(one)) first.push(judge(one, null))
    console.error(`${seed}: ${site.world.kind}, ${site.count} rows, rate ${site.alpha}`)
  }
  console.log(`${judged.length} cases of ${worlds} worlds from seed ${values.seed}, ${kind}\n`)
  console.log(report(judged, first).join('\n'))
}

function judgeOf(site: Site): (candidate: Known, incumbent: Known | null) => GateResult {
  const { world, alpha } = site
  const rows = heldOut(site)
  const { width, groups, seed } = world
  const shape = { rows, count: rows.length / width, width, groups, alpha, seed }
  return (candidate, incumbent) =>
    gate({ ...shape, candidate: candidate.detector, incumbent: incumbent?.detector ?? null })
}

function isGood({ from }: Known): boolean {
  return from === usualName || goodWays.some((way) => way === from)
}

function report(judged: readonly Judged[], first: readonly GateResult[]): string[] {
  const lines = ['| what the candidate is | refused | of | % | 95 % interval |', '|---|---|---|---|---|']
  for (const truth of truths) lines.push(line(truth, resultsOf(judged.filter((one) => one.truth === truth))))
  const onOne = judged.filter(({ gained }) => [...gained.values()].some((gain) => gain <= -0.1))
  lines.push(line('worse by 10 points on any one family', resultsOf(onOne)))
  lines.push(line('first detector, good', first), '')
  lines.push('| reasons | worse | equal or better | loud |', '|---|---|---|---|')
  for (const reason of new Set(judged.flatMap(({ result }) => reasonsOf(result)))) {
    const named = (truth: string): number =>
      judged.filter((one) => one.truth === truth && reasonsOf(one.result).includes(reason)).length
    lines.push(`| ${reason} | ${named('worse')} | ${named('equal or better')} | ${named('loud')} |`)
  }
  lines.push('', '| refused of | worse | between | equal or better | loud |', '|---|---|---|---|---|')
  for (const way of ways)
    lines.push(across(`${way}, for the usual`, judged, (one) => one.candidate.from === way && isUsual(one.incumbent)))
  for (const way of ways)
    lines.push(across(`the usual, for ${way}`, judged, (one) => one.incumbent.from === way && isUsual(one.candidate)))
  lines.push(across('one odd for another', judged, (one) => !isUsual(one.candidate) && !isUsual(one.incumbent)))
  return lines
}

function isUsual({ from }: Known): boolean {
  return from === usualName
}

function resultsOf(judged: readonly Judged[]): GateResult[] {
  return judged.map(({ result }) => result)
}

function reasonsOf({ reasons }: GateResult): string[] {
  return [...new Set(reasons.map((reason) => reason.split(':')[0] ?? ''))]
}

function refusals(results: readonly GateResult[]): number {
  return results.filter(({ verdict }) => verdict === 'refuse').length
}

function across(name: string, judged: readonly Judged[], isMeant: (one: Judged) => boolean): string {
  const cells = truths.map((truth) => {
    const results = resultsOf(judged.filter((one) => one.truth === truth && isMeant(one)))
    return results.length === 0 ? '' : `${refusals(results)}/${results.length}`
  })
  return `| ${name} | ${cells.join(' | ')} |`
}

function line(name: string, results: readonly GateResult[]): string {
  const [refused, n] = [refusals(results), results.length]
  const share = (value: number): string => (100 * value).toFixed(1)
  const { low, high } = interval(refused / n, n)
  return `| ${name} | ${refused} | ${n} | ${share(refused / n)} | ${share(low)} to ${share(high)} |`
}

await run()
