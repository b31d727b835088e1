import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../libs/core/clock.ts'
import { type DrainStep, drain, stopSignals } from '../../libs/run/shutdown.ts'

/** Time that moves by `advance` alone. */
class ManualClock implements Clock {
  #now = 0
  readonly #waiting = new Map<object, { readonly at: number; readonly act: () => void }>()

  nowMs(): number {
    return this.#now
  }
  elapsedMs(): number {
    return this.#now
  }
  after(delayMs: number, act: () => void): () => void {
    const entry = { at: this.#now + delayMs, act }
    this.#waiting.set(entry, entry)
    return () => this.#waiting.delete(entry)
  }
  get timers(): number {
    return this.#waiting.size
  }
  advance(byMs: number): void {
    this.#now += byMs
    for (const [key, { at, act }] of [...this.#waiting]) {
      if (at > this.#now) continue
      this.#waiting.delete(key)
      act()
    }
  }
}

const never = new AbortController().signal
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

test('steps run in order, one after the other', async () => {
  const clock = new ManualClock()
  const said: string[] = []
  const step = (name: string): DrainStep => ({
    name,
    deadlineMs: 100,
    act: async () => {
      said.push(`${name} begins`)
      await turns()
      said.push(`${name} ends`)
    },
  })
  const drained = await drain([step('a'), step('b')], clock, never)
  assert.deepEqual(said, ['a begins', 'a ends', 'b begins', 'b ends'])
  assert.deepEqual(
    drained.map(({ name, outcome }) => `${name} ${outcome}`),
    ['a done', 'b done'],
  )
  assert.equal(clock.timers, 0, 'no timer is left behind')
})

test('an overdue and a failed step do not keep the next one from running', async () => {
  const clock = new ManualClock()
  const ending = drain(
    [
      { name: 'hangs', deadlineMs: 50, act: () => new Promise(() => {}) },
      { name: 'throws', deadlineMs: 50, act: () => Promise.reject(new Error('disk full')) },
      {
        name: 'throws at once',
        deadlineMs: 50,
        act: () => {
          throw new Error('bug')
        },
      },
      { name: 'last', deadlineMs: 50, act: async () => {} },
    ],
    clock,
    never,
  )
  await turns()
  clock.advance(50)
  const drained = await ending
  assert.deepEqual(
    drained.map(({ name, outcome, durationMs }) => [name, outcome, durationMs]),
    [
      ['hangs', 'overdue', 50],
      ['throws', 'failed', 0],
      ['throws at once', 'failed', 0],
      ['last', 'done', 0],
    ],
  )
  assert.equal(drained[1]?.failure instanceof Error && drained[1].failure.message, 'disk full')
})

test('a second signal leaves the step under way and skips the rest', async () => {
  const clock = new ManualClock()
  const signals: ((name: string) => void)[] = []
  const { drain: first, atOnce } = stopSignals((received) => signals.push(received))
  const signal = (): void => signals[0]?.('SIGTERM')
  assert.equal(first.aborted, false)
  signal()
  assert.equal(first.aborted, true)
  assert.equal(atOnce.aborted, false)
  let begun = 0
  const act = (): Promise<void> => {
    begun++
    return new Promise(() => {})
  }
  const hangs: DrainStep = { name: 'hangs', deadlineMs: 1e9, act }
  const ending = drain([hangs, { ...hangs, name: 'next' }], clock, atOnce)
  await turns()
  signal()
  signal()
  const drained = await ending
  assert.deepEqual(
    drained.map(({ name, outcome }) => `${name} ${outcome}`),
    ['hangs skipped', 'next skipped'],
  )
  assert.equal(begun, 1)
  assert.equal(clock.timers, 0)
})
