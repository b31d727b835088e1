import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteBudget, type Share } from '../../libs/bus/byte-budget.ts'

class Member {
  paused = false
  bytes = 0
  readonly share: Share

  constructor(budget: ByteBudget) {
    this.share = budget.join(
      () => {
        this.paused = true
      },
      () => {
        this.paused = false
      },
    )
  }

  add(bytes: number): void {
    this.bytes += bytes
    this.share.add(bytes)
  }

  release(bytes: number): void {
    this.bytes -= bytes
    this.share.release(bytes)
  }
}

test('Y1 a share that holds its part pauses, Y2 and resumes at half of it', () => {
  const budget = new ByteBudget(100, () => undefined)
  const [one, two] = [new Member(budget), new Member(budget)]
  one.add(49)
  assert.equal(one.paused, false)
  one.add(10)
  assert.deepEqual([one.paused, two.paused], [true, false])
  one.release(30)
  assert.equal(one.paused, true)
  one.release(10)
  assert.equal(one.paused, false)
})

test('what one holds forever does not starve another', () => {
  const budget = new ByteBudget(100, () => undefined)
  const [stuck, alive] = [new Member(budget), new Member(budget)]
  stuck.add(200)
  alive.add(1)
  assert.equal(alive.paused, true)
  stuck.share.clear()
  assert.equal(alive.paused, false)
})

test('nothing queued means nobody is paused, whatever happened before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 60 })), { maxLength: 60 }), (adds) => {
      const budget = new ByteBudget(100, () => undefined)
      const members = Array.from({ length: 4 }, () => new Member(budget))
      for (const [index, bytes] of adds) {
        const member = members[index]
        if (member === undefined) continue
        // A paused member is not offered anything; it works off what it has.
        if (member.paused) member.release(member.bytes)
        else member.add(bytes)
      }
      assert.ok(budget.bytes <= 100 + 4 * 60)
      for (const member of members) member.release(member.bytes)
      assert.equal(budget.bytes, 0)
      assert.ok(members.every(({ paused }) => !paused))
    }),
  )
})
