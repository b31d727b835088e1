// Bad tables: what a table can hold that no detector was made for, through the fit and score of the command line, for every
// kind and for windows. Each is either learnt from, and then every row of anything gets a finite score, or refused in words.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import { log } from '../../libs/run/log.ts'
import { settings } from '../../libs/run/settings.ts'
import { type DetectorKind, detectorKinds, windowedKinds } from '../../libs/stream/spec.ts'
import { type FitOptions, fitTable } from '../../services/cli/commands/fit.ts'
import { scoreTable } from '../../services/cli/commands/score.ts'
import type { Context } from '../../services/cli/context.ts'
import { files } from '../../services/cli/files.ts'

const seed = Number(process.env['SEED'] ?? 17)
const random = new Random(seed)
const count = 110
const steps = 4
const number = (): number => Number(random.normal().toFixed(4))

type Cell = (row: number, column: number) => number | string

function table(rows: number, width: number, cell: Cell): string {
  const lines = [Array.from({ length: width }, (_, j) => `x${j}`).join()]
  for (let i = 0; i < rows; i++) lines.push(Array.from({ length: width }, (_, j) => cell(i, j)).join())
  return `${lines.join('\n')}\n`
}

/** Of each, whether its own rows may not alarm at all: where they are few and come again, nothing among them is strange. */
const tables: readonly { name: string; text: string; isCalm?: true; isWide?: true }[] = [
  { name: 'a constant column', text: table(count, 3, (_, j) => (j === 0 ? 7 : number())) },
  { name: 'constant columns alone', text: table(count, 3, () => 5), isCalm: true },
  { name: 'duplicate rows', text: table(count, 3, (i, j) => [1, 2, 3][(i + j) % 3] ?? 0), isCalm: true },
  { name: 'columns that repeat each other', text: table(count, 3, (i) => Math.floor(100 * Math.sin(i * i))) },
  { name: 'nothing but missing cells', text: table(count, 3, () => ''), isCalm: true },
  { name: 'a missing column', text: table(count, 3, (_, j) => (j === 1 ? '' : number())) },
  { name: 'mostly missing cells', text: table(count, 3, () => (random.uniform() < 0.9 ? '' : number())) },
  {
    name: 'infinities',
    text: table(count, 3, (i) => (i % 9 === 0 ? (['inf', '-Infinity', '1e99'][i % 3] ?? '') : number())),
  },
  { name: 'values next to the largest', text: table(count, 3, () => number() * 1e37) },
  { name: 'a value next to the largest now and then', text: table(count, 3, (i) => (i % 10 === 0 ? 3e38 : number())) },
  { name: 'values below the least normal ones', text: table(count, 3, () => number() * 1e-40) },
  { name: 'a wild value', text: table(count, 3, (i, j) => (i === 70 && j === 1 ? 1e20 : number())) },
  { name: 'one column', text: table(count, 1, number) },
  { name: 'flags that are hardly ever up', text: table(count, 6, () => (random.uniform() < 0.02 ? 1 : 0)) },
  { name: 'more columns than rows', text: table(count, 130, number), isWide: true },
]

const refused: readonly { name: string; text: string; says: RegExp }[] = [
  { name: 'one row', text: table(1, 3, number), says: /: 1 rows?\b.*are needed; give more rows/ },
  { name: 'ten rows', text: table(10, 3, number), says: /: 10 rows.*are needed; give more rows/ },
  { name: 'no rows', text: table(0, 3, number), says: /: 0 rows.*are needed; give more rows/ },
  { name: 'no header', text: '', says: /empty; a header line/ },
]

const cells = ['', 'nan', 'inf', '-inf', '1e39', '3e38', '-3e38', '1e-45', '0', '7', '1e15', '-2']

/** Rows of what should not be in a table, one value throughout or all of them in turn, and those that were learnt from. */
function wild(text: string): string {
  const [header = '', ...rows] = text.split('\n')
  const width = header.split(',').length
  const same = cells.map((cell) => Array.from({ length: width }, () => cell).join())
  const mixed = cells.map((_, i) => Array.from({ length: width }, (_, j) => cells[(i + j) % cells.length]).join())
  return [header, ...rows.filter((row) => row !== ''), ...same, ...mixed].join('\n')
}

describe('bad tables', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-bad-'))
  after(() => rmSync(dir, { recursive: true, force: true }))
  const at = (name: string): string => path.join(dir, name)
  const clock = { nowMs: () => 0, elapsedMs: () => 0, after: () => () => {} }
  const context = (): Context => ({
    settings: settings({ env: {}, flags: { seed: String(seed) }, readFile: () => '' }),
    clock,
    files,
    log: log({ level: 'error', clock: clock.nowMs, write: () => {} }),
    say: () => {},
    progress: () => {},
    json: true,
    stopSignals: () => assert.fail('nothing waits here'),
    home: dir,
    version: 'test',
    instance: 'test',
  })
  const fitted = async (text: string, kind: DetectorKind, window: number): Promise<void> => {
    writeFileSync(at('rows.csv'), text)
    const options = {
      out: at('detector'),
      columns: null,
      drop: [],
      label: null,
      key: null,
      trainRows: null,
      loss: null,
      image: null,
    }
    const rest = { kind, window, alarmRate: 0.01, setting: null } satisfies Partial<FitOptions>
    await fitTable(context(), at('rows.csv'), { ...options, ...rest })
  }
  const scored = async (text: string): Promise<readonly (readonly number[])[]> => {
    writeFileSync(at('other.csv'), text)
    const options = { detector: at('detector'), align: 'causal', key: null, out: at('scores.csv') } as const
    await scoreTable(context(), at('other.csv'), options)
    const [, ...lines] = readFileSync(at('scores.csv'), 'utf8').trimEnd().split('\n')
    return lines.map((line) => line.split(',').map(Number))
  }
  const tried: (readonly [DetectorKind, number])[] = [['ensemble', steps]]
  for (const kind of detectorKinds) tried.push([kind, windowedKinds.includes(kind) ? steps : 1])

  for (const [turn, [kind, window]] of tried.entries()) {
    // The default meets all of them, in rows and in windows; the others, which take longer, share them in turn.
    for (const [i, { name, text, isCalm, isWide }] of tables.entries()) {
      if (kind !== 'ensemble' && (i % 3 !== turn % 3 || (isWide && window > 1))) continue
      test(`${kind}, ${window === 1 ? 'rows' : 'windows'}: ${name}`, async () => {
        await fitted(text, kind, window)
        const lines = await scored(wild(text))
        for (const line of lines) assert.ok(line.every(Number.isFinite) && (line[0] ?? -1) >= 0, `${seed}: ${line}`)
        const own = lines.slice(0, count).filter(([, , alert]) => alert === 1).length
        assert.ok(own <= (isCalm ? 0 : count / 5), `seed ${seed}: ${own} of its own rows alarm`)
      })
    }
    for (const { name, text, says } of refused)
      test(`${kind}, ${window === 1 ? 'rows' : 'windows'}: ${name} refused`, async () => {
        const isClear = (thrown: unknown): boolean =>
          thrown instanceof Failure &&
          thrown.exitCode === 2 &&
          thrown.message.includes('rows.csv: ') &&
          says.test(thrown.message)
        await assert.rejects(fitted(text, kind, window), isClear)
      })
  }

  test('a column that appears only at scoring is passed over, one that is gone is named; one row is enough', async () => {
    await fitted(table(count, 3, number), 'ensemble', 1)
    const plain = await scored('x0,x1,x2\n0.1,0.2,0.3\n')
    assert.deepEqual(await scored('new,x2,x1,x0,text\n9,0.3,0.2,0.1,north\n'), plain)
    assert.equal(plain.length, 1)
    await assert.rejects(scored('x0,x1,y2\n1,2,3\n'), /other.csv: no column x2; /)
    await assert.rejects(scored('x0,x1,x2\n1,2\n'), /line 2 has 2 cells, the header 3 columns/)
  })

  test('windows longer than the table, and more of them than memory holds, are refused', async () => {
    await assert.rejects(fitted(table(count, 3, number), 'ensemble', 500), /rows.csv: 110 rows make 0 windows of 500: /)
    const long = table(30_001, 3, () => 1)
    await assert.rejects(
      fitted(long, 'ensemble', 10_000),
      /rows.csv: .* are 600060000 values, at most 536870912 .*--window/,
    )
  })

  test('two thousand columns are learnt from', async () => {
    const text = table(count, 2000, (i, j) => Number((Math.sin(i * (1 + (j % 7))) + 0.1 * random.normal()).toFixed(3)))
    await fitted(text, 'ensemble', 1)
    const lines = await scored(wild(text))
    assert.ok(lines.every((line) => line.every(Number.isFinite)))
    const alarms = lines.slice(count + 1).filter(([, , alert]) => alert === 1).length
    assert.ok(alarms > cells.length, `seed ${seed}: ${alarms}`)
  })
})
