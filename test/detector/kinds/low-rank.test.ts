import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { alone } from '../../../libs/detector/kinds/alone.ts'
import { linearMember } from '../../../libs/detector/kinds/linear.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { planted } from '../planted.ts'

const width = 600

test('wide rows get a member of few axes, whose scores tell rows that break the rule', () => {
  const rows = planted(300, width, 1)
  for (let i = 0; i < 300; i++) rows[i * width + 7] = 0
  const member = linearMember({ rows, count: 300, width })
  assert.equal(member.layers.length, 2)
  assert.ok((member.layers[0]?.outputs ?? width) < width / 10)
  assert.deepEqual(linearMember({ rows, count: 300, width }), member, 'the same bits again')
  const kept = planted(60, width, 2)
  for (let i = 0; i < 60; i++) kept[i * width + 7] = 0
  const broken = kept.slice()
  const random = new Random(3)
  for (let i = 0; i < 60; i++) for (let k = 0; k < 12; k++) broken[i * width + random.integer(width)]! += 1
  const [low, high] = [scoresOf(alone(member, width), kept), scoresOf(alone(member, width), broken)]
  assert.ok(Math.max(...low) < Math.min(...high), `${Math.max(...low)} and ${Math.min(...high)}`)
  const moved = kept.slice(0, width)
  moved[7] = 40
  const [of = 0] = scoresOf(alone(member, width), moved)
  assert.ok(of > 2 * Math.max(...low), 'a column that never moved')
})

test('rows fewer than axes, all equal, or with nothing in them are borne', () => {
  for (const rows of [
    planted(6, width, 1),
    new Float32Array(6 * width).fill(3),
    new Float32Array(6 * width).fill(Number.NaN),
  ]) {
    const member = linearMember({ rows, count: 6, width })
    assert.ok(scoresOf(alone(member, width), planted(20, width, 4)).every(Number.isFinite))
  }
})
