import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { planted } from '../detector/planted.ts'
import { type Exited, plumbline } from './process.ts'

const seed = Number(process.env['SEED'] ?? 11)
const width = 5
const names = ['a', 'b', 'c', 'd', 'e']

interface Csv {
  readonly header: string
  /** NaN where a cell is empty. */
  readonly rows: readonly (readonly number[])[]
}

function csvOf(text: string): Csv {
  const [header = '', ...lines] = text.trimEnd().split('\n')
  return { header, rows: lines.map((line) => line.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell)))) }
}

/** A table whose columns are five, a text among them, the k-th cell missing where `gap` says so. */
function table(rows: Float32Array, gap: (cell: number) => boolean): string {
  const lines = ['e,shop,a,b,c,d']
  for (let from = 0; from < rows.length; from += width) {
    const cells = Array.from(rows.subarray(from, from + width), (value, j) => (gap(from + j) ? '' : String(value)))
    lines.push([cells[4], 'north', ...cells.slice(0, 4)].join(','))
  }
  return `${lines.join('\n')}\n`
}

describe('impute, denoise, embed and generate', { concurrency: 2 }, () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-restorations-'))
  const run = (...args: string[]): Promise<Exited> => plumbline(args, dir)
  const ran = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args)
    assert.equal(code, 0, stderr)
    return stdout
  }
  const count = 600
  const fresh = planted(count, width, seed)
  const isGap = (cell: number): boolean => cell % 13 === 0
  const fit = (out: string, ...more: string[]): Promise<string> =>
    ran('fit', 'rows.csv', '--columns', names.join(), '--out', out, ...more)

  before(async () => {
    writeFileSync(
      path.join(dir, 'rows.csv'),
      table(planted(2000, width, seed + 1), () => false),
    )
    writeFileSync(
      path.join(dir, 'whole.csv'),
      table(fresh, () => false),
    )
    writeFileSync(path.join(dir, 'gaps.csv'), table(fresh, isGap))
    await Promise.all([fit('v', '--kind', 'variational'), fit('d', '--kind', 'denoising')])
    await fit('w', '--kind', 'undercomplete', '--window', '3')
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  test('missing cells are filled in, near the truth; known ones are as they were', async () => {
    await ran('impute', 'gaps.csv', '--detector', 'd', '--out', 'filled.csv')
    const { header, rows } = csvOf(readFileSync(path.join(dir, 'filled.csv'), 'utf8'))
    assert.equal(header, names.join())
    assert.equal(rows.length, count)
    let error = 0
    let spread = 0
    for (const [cell, value] of rows.flat().entries()) {
      const truth = fresh[cell] ?? Number.NaN
      if (isGap(cell)) {
        error += Math.abs(value - truth)
        spread += Math.abs(truth)
      } else assert.equal(Math.fround(value), truth)
    }
    assert.ok(error < spread / 2, `seed ${seed}: ${error} of ${spread}`)
  })

  test('hidden cells are nearer than the medians; the same seed hides the same, windows are served as well', async () => {
    const check = ['impute', 'whole.csv', '--check', '0.1', '--seed', '3', '--json', '--detector']
    const text = await ran(...check, 'd')
    assert.equal(await ran(...check, 'd'), text)
    for (const found of [JSON.parse(text), JSON.parse(await ran(...check, 'w'))]) {
      assert.ok(Math.abs(found.cells / (count * width) - 0.1) < 0.03, `${found.cells} cells`)
      assert.ok(found.mean.filled < 0.6 * found.mean.median, JSON.stringify(found))
      assert.deepEqual(
        found.columns.map(({ column }: { column: string }) => column),
        names,
      )
    }
    const people = await ran('impute', 'whole.csv', '--check', '0.1', '--detector', 'd')
    assert.match(people, /^mean absolute error over \d+ cells\tfilled\tmedian\na\t/)
  })

  test('cells without noise stand instead of those with it or beside them', async () => {
    const instead = csvOf(await ran('denoise', 'whole.csv', '--detector', 'd'))
    const beside = csvOf(await ran('denoise', 'whole.csv', '--detector', 'd', '--beside'))
    assert.equal(instead.header, names.join())
    assert.equal(beside.header, [...names, ...names.map((name) => `${name}_denoised`)].join())
    assert.deepEqual(
      beside.rows.map((row) => row.slice(width)),
      instead.rows,
    )
    assert.equal(Math.fround(beside.rows[7]?.[2] ?? 0), fresh[7 * width + 2])
    for (const [detector, ...more] of [['d'], ['d', '--noise', '0.5'], ['w']] as const) {
      const check = ['denoise', 'whole.csv', '--check', '0.5', '--json', '--detector', detector ?? '']
      const found = JSON.parse(await ran(...check, ...more))
      assert.ok(found.mean.denoised < 0.8 * found.mean.noisy, `${detector} ${more}: ${JSON.stringify(found)}`)
    }
    const quiet = Math.max(...instead.rows.flat().map((value, cell) => Math.abs(value - (fresh[cell] ?? 0))))
    assert.ok(quiet < 0.1, `seed ${seed}: rows like those of training stay nearly as they are: ${quiet}`)
    const slight = csvOf(await ran('denoise', 'whole.csv', '--detector', 'd', '--noise', '0.001'))
    for (const [cell, value] of slight.rows.flat().entries())
      assert.ok(Math.abs(value - (fresh[cell] ?? 0)) < 0.01, 'cells that are sure stay')
  })

  test('codes: fewer columns than the row, one a row, with gaps and in windows too', async () => {
    for (const file of ['whole.csv', 'gaps.csv']) {
      const { header, rows } = csvOf(await ran('embed', file, '--detector', 'v'))
      assert.equal(header, 'code_0,code_1,code_2')
      assert.equal(rows.length, count)
      assert.ok(rows.flat().every(Number.isFinite))
    }
    const windows = csvOf(await ran('embed', 'whole.csv', '--detector', 'w'))
    assert.equal(windows.rows.length, count)
    assert.deepEqual(windows.rows[0], windows.rows[2], 'the first rows carry the first window')
    assert.notDeepEqual(windows.rows[2], windows.rows[3])
  })

  test('rows are made up by a seed, and are like those that were learnt from', async () => {
    const made = await ran('generate', '1500', '--detector', 'v', '--seed', '4')
    const { header, rows } = csvOf(made)
    assert.deepEqual([header, rows.length], [names.join(), 1500])
    assert.equal(await ran('generate', '1500', '--detector', 'v', '--seed', '4'), made)
    assert.notEqual(await ran('generate', '1500', '--detector', 'v', '--seed', '5'), made)
    const held = ['generate', '1500', '--detector', 'v', '--against', 'whole.csv', '--json']
    const [prior, like] = [
      JSON.parse(await ran(...held, '--out', 'made.csv')),
      JSON.parse(await ran(...held, '--like', 'rows.csv')),
    ]
    assert.equal(csvOf(readFileSync(path.join(dir, 'made.csv'), 'utf8')).rows.length, 1500)
    for (const name of names) {
      assert.ok(prior.distances[name] < 0.3, `seed ${seed}: ${JSON.stringify(prior)}`)
      assert.ok(like.distances[name] < 0.1, `seed ${seed}: ${JSON.stringify(like)}`)
    }
    assert.ok(like.correlation.difference < 0.2, JSON.stringify(like))
    const people = await ran('generate', '100', '--detector', 'v', '--against', 'whole.csv')
    assert.match(people, /^Kolmogorov–Smirnov distance by column\na\t/)
  })

  test('what cannot be done is refused, with the file and the reason', async () => {
    writeFileSync(path.join(dir, 'other.csv'), 'a,b,c,d,f\n1,2,3,4,5\n')
    writeFileSync(path.join(dir, 'brief.csv'), 'a,b,c,d,e\n1,2,3,4,5\n')
    writeFileSync(path.join(dir, 'one.csv'), `x\n${Array.from({ length: 200 }, (_, i) => i % 17).join('\n')}\n`)
    await ran('fit', 'one.csv', '--out', 'one')
    await fit('lensed', '--window', '3')
    await ran('fit', 'one.csv', '--out', 'own', '--kind', 'undercomplete')
    const refused: readonly (readonly [args: string, code: number, message: RegExp])[] = [
      ['impute whole.csv --detector none', 2, /none: there is no such file/],
      ['impute whole.csv --detector whole.csv', 1, /whole.csv: no detector that can be used/],
      ['impute nowhere.csv --detector d', 2, /nowhere.csv: there is no such file/],
      ['denoise other.csv --detector d', 2, /other.csv: no column e/],
      ['embed other.csv --detector d', 2, /other.csv: no column e/],
      ['embed one.csv --detector one', 2, /one hears how new a value is, and of that no value can be made/],
      ['impute one.csv --detector one', 2, /one hears how new a value is/],
      ['denoise one.csv --detector one', 2, /one hears how new a value is/],
      ['denoise whole.csv --detector lensed', 2, /lensed does not tell how noisy cells are: say it with --noise/],
      ['generate 5 --detector one', 2, /one hears how new a value is/],
      ['generate 9000000000 --detector v', 2, /numbers at once are the most/],
      ['generate 5 --detector own', 2, /own: only a variational detector/],
      ['embed brief.csv --detector w', 2, /brief.csv: 1 rows are fewer than one window of 3/],
      ['impute brief.csv --detector w', 2, /brief.csv: 1 rows are fewer than one window of 3/],
      ['generate 5 --detector d', 2, /d: only a variational detector makes rows up; this one is denoising/],
      ['generate 5 --detector w', 2, /w was learnt from windows/],
      ['generate 5 --detector v --against other.csv', 2, /other.csv: no column e/],
      ['generate none --detector v', 2, /give a whole number/],
      ['impute whole.csv --detector d --check 2', 2, /give a share/],
      ['impute whole.csv', 2, /--detector/],
    ]
    for (const [args, code, message] of refused) {
      const found = await run(...args.split(' '))
      assert.match(found.stderr, message, args)
      assert.equal(found.code, code, args)
    }
  })
})
