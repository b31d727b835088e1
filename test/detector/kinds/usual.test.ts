import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { fit } from '../../../libs/detector/fit.ts'
import { histogramMember } from '../../../libs/detector/kinds/histogram.ts'
import { usualRows } from '../../../libs/detector/kinds/usual.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { planted, requestOf } from '../planted.ts'

const width = 6
const count = 1000

/** Rows that are all unusual in the same way: their last four columns stand far out. */
function alike(many: number, seed: number): Float32Array {
  const random = new Random(seed)
  const rows = planted(many, width, seed)
  for (let i = 0; i < many; i++) for (const j of [2, 3, 4, 5]) rows[i * width + j] = 9 + 2 * random.normal()
  return rows
}

/** Normal rows, the first of which are replaced by such unusual ones. */
function contaminated(many: number): Float32Array {
  const rows = planted(count, width, 1)
  rows.set(alike(many, 2))
  return rows
}

test('rows that are strange alike go, the rest stays in order, and never more than a hundredth goes', () => {
  const rows = contaminated(8)
  const usual = usualRows({ rows, count, width }, histogramMember({ rows, count, width }))
  assert.ok(usual.count >= count - 10 && usual.count <= count - 8, `${usual.count}`)
  assert.equal(usual.rows.length, usual.count * width)
  for (let i = 0; i < usual.count; i++) assert.ok(usual.rows[i * width + 4]! < 5, `row ${i} is a strange one`)
  let from = 0
  for (let i = 0; i < usual.count; i++) {
    while (from < count && rows[from * width] !== usual.rows[i * width]) from++
    assert.ok(from < count, `row ${i} is out of order`)
  }
})

test('of few rows, and of rows that are all the same, all stay', () => {
  const few = planted(99, width, 1)
  const usual = usualRows({ rows: few, count: 99, width }, histogramMember({ rows: few, count: 99, width }))
  assert.deepEqual(usual, { rows: few, count: 99, width })
  const same = { rows: new Float32Array(500 * width).fill(2), count: 500, width }
  assert.equal(usualRows(same, histogramMember(same)).count, 500)
})

test('a missing value is no reason to go', () => {
  const rows = contaminated(8)
  for (let i = 100; i < 400; i++) rows[i * width + (i % width)] = Number.NaN
  const usual = usualRows({ rows, count, width }, histogramMember({ rows, count, width }))
  assert.ok(usual.rows.filter((value) => Number.isNaN(value)).length >= 295)
})

/** Of what it would be: a hundredth or less where the rows that hid are learned. */
const kept = 0.03

test('the linear member and the network find the like of what hid among their rows', async () => {
  const strange = alike(50, 3)
  const clean = await fit(requestOf(planted(count, width, 1), width, { kind: 'ensemble' }))
  const dirty = await fit(requestOf(contaminated(8), width, { kind: 'ensemble' }))
  for (const [m, member] of dirty.members.entries()) {
    if (member.kind !== 'dense') continue
    const only = (model: typeof dirty): typeof dirty => ({
      ...model,
      members: [model.members[m]!],
      combination: { kind: 'mean' },
    })
    const [now, then] = [dirty, clean].map((model) => mean(scoresOf(only(model), strange)))
    assert.ok(now! > kept * then!, `member ${m}: ${now} after ${then}`)
  }
})

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
