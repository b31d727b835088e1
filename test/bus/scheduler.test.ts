import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wallScheduler } from '../../libs/bus/scheduler.ts'

test('those who wait for a turn of the event loop get one each, in their order', async () => {
  const scheduler = wallScheduler()
  let turn = 0
  let counting: NodeJS.Immediate
  const count = (): void => {
    turn++
    counting = setImmediate(count)
  }
  count()
  const got: { readonly who: number; readonly turn: number }[] = []
  const loop = async (who: number): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await scheduler.turn()
      got.push({ who, turn })
    }
  }
  await Promise.all([loop(0), loop(1), loop(2)])
  clearImmediate(counting!)
  assert.deepEqual(
    got.map(({ who }) => who),
    [0, 1, 2, 0, 1, 2, 0, 1, 2],
  )
  assert.equal(new Set(got.map((each) => each.turn)).size, 9)
})
