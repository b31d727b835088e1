import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Random } from '../../libs/core/random.ts'
import { type Exited, plumbline } from './process.ts'

const seed = Number(process.env['SEED'] ?? 11)
const anomalies = 10

/** Two columns that go together, a constant, a text; cells are missing now and then; the last rows break the rule. */
function table(count: number): string {
  const random = Random.derived(seed, 'table')
  const lines = ['"a",b,same,shop,label']
  for (let row = 0; row < count; row++) {
    const odd = row >= count - anomalies
    const a = random.uniform() * 10
    const b = odd ? 40 - 2 * a : 2 * a + random.uniform()
    const cell = random.uniform() < 0.02 ? '' : a.toFixed(4)
    lines.push(`${cell},${b.toFixed(4)},7,${row % 2 === 0 ? 'north' : 'south'},${odd ? 1 : 0}`)
  }
  return `${lines.join('\r\n')}\r\n`
}

interface Scored {
  readonly scores: readonly number[]
  readonly alerts: readonly number[]
}

function scoredIn(csv: string): Scored {
  const [header, ...lines] = csv.trimEnd().split('\n')
  assert.equal(header, 'score,threshold,alert')
  const cells = lines.map((line) => line.split(',').map(Number))
  for (const each of cells) assert.ok(each.length === 3 && each.every(Number.isFinite), each.join())
  return { scores: cells.map(([score = 0]) => score), alerts: cells.map(([, , alert = 0]) => alert) }
}

describe('fit and score', { concurrency: 2 }, () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-tables-'))
  const run = (...args: string[]): Promise<Exited> => plumbline(args, dir)
  const rows = 600
  writeFileSync(path.join(dir, 'rows.csv'), table(rows))
  writeFileSync(path.join(dir, 'rows.csv.gz'), gzipSync(table(rows)))
  after(() => rmSync(dir, { recursive: true, force: true }))

  async function fitted(out: string, ...more: string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await run('fit', 'rows.csv', '--out', out, '--json', ...more)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  test('rows that are images are learnt by their size', async () => {
    const random = Random.derived(seed, 'images')
    const lines = [Array.from({ length: 12 }, (_, j) => `p${j}`).join()]
    for (let row = 0; row < 300; row++) {
      const bright = random.integer(12)
      lines.push(Array.from({ length: 12 }, (_, j) => (j === bright ? 1 : 0.1 * random.uniform()).toFixed(3)).join())
    }
    writeFileSync(path.join(dir, 'images.csv'), `${lines.join('\n')}\n`)
    const flags = ['fit', 'images.csv', '--out', 'images', '--json', '--image', '4x3']
    const learnt = await run(...flags, '--kind', 'convolutional')
    assert.equal(learnt.code, 0, learnt.stderr)
    const scored = await run('score', 'images.csv', '--detector', 'images')
    assert.equal(scoredIn(scored.stdout).scores.length, 300)
    const other = await run(...flags)
    assert.equal(other.code, 2)
    assert.match(other.stderr, /kind ensemble does not learn from images/)
  })

  test('label rows are not learnt from, text is dropped, a constant column and missing cells are borne', async () => {
    const facts = await fitted('d', '--label', 'label', '--drop', 'shop')
    assert.deepEqual([facts['rows'], facts['columns']], [rows - anomalies, 3])
    const first = await run('score', 'rows.csv', '--detector', 'd')
    assert.equal(first.code, 0, first.stderr)
    const { scores, alerts } = scoredIn(first.stdout)
    assert.equal(scores.length, rows)
    const found = alerts.slice(-anomalies).reduce((sum, alert) => sum + alert, 0)
    const wrong = alerts.slice(0, -anomalies).reduce((sum, alert) => sum + alert, 0)
    assert.ok(found >= anomalies - 2 && wrong <= rows / 20, `${found} found, ${wrong} wrong`)
    await run('score', 'rows.csv.gz', '--detector', 'd', '--out', 'again.csv')
    assert.equal(readFileSync(path.join(dir, 'again.csv'), 'utf8'), first.stdout, 'the same file, the same bytes')
  })

  test('the same seed gives the same detector, another seed another', async () => {
    const flags = ['--columns', 'a,b', '--train-rows', '400']
    const [one, two, other] = [
      await fitted('one', ...flags, '--seed', '5'),
      await fitted('two', ...flags, '--seed', '5'),
      await fitted('other', ...flags, '--seed', '6'),
    ]
    assert.deepEqual([one['rows'], one['columns']], [400, 2])
    assert.equal(one['version'], two['version'])
    assert.notEqual(one['version'], other['version'])
  })

  test('windows: a score a row however they are aligned; a table without a needed column, or too short, is refused', async () => {
    await fitted('w', '--columns', 'a,b', '--window', '4')
    const causal = await run('score', 'rows.csv', '--detector', 'w')
    const spread = await run('score', 'rows.csv', '--detector', 'w', '--align', 'spread')
    const [one, two] = [scoredIn(causal.stdout), scoredIn(spread.stdout)]
    assert.deepEqual([one.scores.length, two.scores.length], [rows, rows])
    assert.equal(new Set(one.scores.slice(0, 4)).size, 1, 'the first rows carry the first window')
    const mean = (one.scores.slice(100, 104) as number[]).reduce((sum, score) => sum + score, 0) / 4
    assert.ok(Math.abs((two.scores[100] ?? 0) - mean) < 1e-3 * mean, 'the mean of the windows that cover the row')
    writeFileSync(path.join(dir, 'other.csv'), 'a,c\n1,2\n')
    writeFileSync(path.join(dir, 'brief.csv'), 'b,a\n1,2\n3,4\n')
    writeFileSync(path.join(dir, 'empty.csv'), 'b,a\n')
    const other = await run('score', 'other.csv', '--detector', 'w')
    assert.match(other.stderr, /other.csv: no column b/)
    const brief = await run('score', 'brief.csv', '--detector', 'w')
    assert.match(brief.stderr, /brief.csv: 2 rows are fewer than one window of 4/)
    assert.deepEqual([other.code, brief.code], [2, 2])
    const empty = await run('score', 'empty.csv', '--detector', 'w')
    assert.deepEqual([empty.code, empty.stdout], [0, 'score,threshold,alert\n'])
  })

  test('one column is a series: the same file, the same scores, whatever was learnt from, and none is lost in a pipe', async () => {
    const random = Random.derived(seed, 'series')
    const values = Array.from({ length: 12_000 }, (_, i) => (i === 9000 ? 5 : i % 500 === 499 ? '' : random.uniform()))
    writeFileSync(path.join(dir, 'series.csv'), `at,value\n${values.map((value, i) => `${i},${value}`).join('\n')}\n`)
    const flags = ['fit', 'series.csv', '--columns', 'value']
    const said = await run(...flags, '--out', 's', '--train-rows', '3000', '--window', '8')
    assert.match(
      said.stdout,
      /learnt from 3000 rows, each how new value is after the rows before it \(a series has no need/,
    )
    const learnt = await run(...flags, '--out', 's-other', '--json')
    assert.equal(JSON.parse(learnt.stdout)['rowsAre'], 'novelties')
    const [few, all] = [
      await run('score', 'series.csv', '--detector', 's'),
      await run('score', 'series.csv', '--detector', 's-other'),
    ]
    assert.deepEqual([few.code, all.code], [0, 0], few.stderr + all.stderr)
    const [one, two] = [scoredIn(few.stdout), scoredIn(all.stdout)]
    assert.equal(one.scores.length, values.length)
    assert.deepEqual(one.scores, two.scores)
    assert.equal(one.scores.indexOf(Math.max(...one.scores)), 9000)
    assert.equal(two.alerts[9000], 1)
    assert.ok(values.every((value, i) => value !== '' || one.scores[i] === 0))
    const spread = await run('score', 'series.csv', '--detector', 's', '--align', 'spread')
    assert.equal(spread.stdout, few.stdout)
  })

  test('one row and ten rows are scored, and refused to learn from; rows of nothing get a number too', async () => {
    await fitted('small', '--columns', 'a,b')
    for (const count of [1, 10]) {
      writeFileSync(path.join(dir, `${count}.csv`), `a,b\n${'3,6.5\n'.repeat(count)}`)
      const scored = await run('score', `${count}.csv`, '--detector', 'small')
      assert.equal(scoredIn(scored.stdout).scores.length, count)
      const learnt = await run('fit', `${count}.csv`, '--out', 'no')
      assert.match(learnt.stderr, new RegExp(`${count}.csv: ${count} rows`))
      assert.equal(learnt.code, 2)
    }
    writeFileSync(path.join(dir, 'nothing.csv'), 'a,b\n,\nnan,NaN\n1e39,-1e39\n1,inf\n')
    const odd = await run('score', 'nothing.csv', '--detector', 'small')
    assert.equal(odd.code, 0, odd.stderr)
    assert.equal(scoredIn(odd.stdout).scores.length, 4)
  })

  test('no window is learnt across rows that a label leaves out', async () => {
    const random = Random.derived(seed, 'labelled windows')
    const lines = Array.from({ length: 600 }, (_, row) => {
      const level = Math.sin(row / 5)
      return `${(level + 0.01 * random.normal()).toFixed(4)},${(level - 0.01 * random.normal()).toFixed(4)},${Number(row % 100 === 50)}`
    })
    writeFileSync(path.join(dir, 'marked.csv'), `a,b,is_odd\n${lines.join('\n')}\n`)
    const learnt = await run('fit', 'marked.csv', '--out', 'm', '--label', 'is_odd', '--window', '8', '--json')
    assert.equal(learnt.code, 0, learnt.stderr)
    // Of 593 windows 8 contain each of the 6 rows.
    assert.equal(JSON.parse(learnt.stdout).rows, 593 - 6 * 8)
  })

  test('where rows are of several keys that differ, each has a threshold of its own', async () => {
    const random = Random.derived(seed, 'keys')
    const lines = Array.from({ length: 3000 }, (_, row) => {
      const loud = row % 5 === 0 ? 4 : 1
      const cells = [loud * random.normal(), loud * random.normal(), loud * random.normal()]
      return `${cells.map((cell) => cell.toFixed(4)).join(',')},shop ${row % 5}`
    })
    writeFileSync(path.join(dir, 'shops.csv'), `a,b,c,shop\n${lines.join('\n')}\n`)
    const learnt = await run('fit', 'shops.csv', '--out', 'k', '--key', 'shop', '--kind', 'undercomplete')
    assert.equal(learnt.code, 0, learnt.stderr)
    const thresholdsOf = async (...more: string[]): Promise<number[]> => {
      const { stdout } = await run('score', 'shops.csv', '--detector', 'k', ...more)
      return stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => Number(line.split(',')[1]))
    }
    const own = await thresholdsOf('--key', 'shop')
    assert.ok((own[0] ?? 0) > 2 * (own[1] ?? 0), `the loud shop has ${own[0]}, another ${own[1]}`)
    assert.equal(new Set(await thresholdsOf()).size, 1, 'one for all where nobody says whose a row is')
    const windowed = await run('fit', 'shops.csv', '--out', 'k', '--key', 'shop', '--window', '3')
    assert.equal(windowed.code, 2)
    assert.match(windowed.stderr, /leave --key or --window out/)
    await run('fit', 'shops.csv', '--out', 's', '--columns', 'a', '--key', 'shop')
    const mixed = await run('score', 'shops.csv', '--detector', 's')
    assert.equal(mixed.code, 2)
    assert.match(mixed.stderr, /a series of each shop: say --key shop/)
  })
})
