// Running: the trainer over a world's log, with trainings in this very process and a clock that moves when the trainer waits.

import type { TestContext } from 'node:test'
import { type Event, type EventKind, eventOf } from '../../../libs/alert/events.ts'
import type { Clock } from '../../../libs/core/clock.ts'
import { Random } from '../../../libs/core/random.ts'
import { valueBytes } from '../../../libs/core/records.ts'
import type { Log } from '../../../libs/run/log.ts'
import { type Metrics, metrics } from '../../../libs/run/metrics.ts'
import { Vitals } from '../../../libs/run/vitals.ts'
import { stream as compile } from '../../../libs/stream/stream-compile.ts'
import { type TrainRequest, train } from '../../../services/trainer/train.ts'
import { trainer } from '../../../services/trainer/trainer.ts'
import { watch } from '../../../services/trainer/watch.ts'
import { names, startMs, type World } from './world.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface Service {
  readonly metrics: Metrics
  /** Trainings asked of the workshop so far. */
  readonly requests: readonly TrainRequest[]
  /** Lets time pass until the trainer has looked at its schedule so many times. */
  pass(ms: number): Promise<void>
  stop(): Promise<void>
}

class Time implements Clock {
  #nowMs = startMs * 2
  #waiting: { atMs: number; act: () => void } | null = null
  #armed: () => void = () => {}

  nowMs(): number {
    return this.#nowMs
  }

  elapsedMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, act: () => void): () => void {
    const waiting = { atMs: this.#nowMs + delayMs, act }
    this.#waiting = waiting
    this.#armed()
    return () => {
      if (this.#waiting === waiting) this.#waiting = null
    }
  }

  /** Goes on by `ms`, then lets what waits happen and end. */
  async pass(ms: number): Promise<void> {
    const { act } = this.#waiting ?? { act: () => {} }
    this.#nowMs += ms
    const armed = new Promise<void>((resolve) => {
      this.#armed = resolve
    })
    this.#waiting = null
    act()
    await armed
  }
}

export async function service(
  t: TestContext,
  world: World,
  fault: (request: TrainRequest) => void = () => {},
): Promise<Service> {
  const time = new Time()
  const made = metrics({ version: 'test', clock: () => time.nowMs(), scope: 'own' })
  const requests: TrainRequest[] = []
  const resolve = async (): Promise<'absent'> => 'absent'
  const running = await trainer({
    bus: world.bus,
    streams: [{ stream: compile(world.spec), topics: names }],
    prefix: 'plumbline',
    metrics: made,
    vitals: new Vitals(() => time.nowMs()),
    log: quiet,
    clock: time,
    random: new Random(1),
    seed: 3,
    work: async (request) => {
      requests.push(request)
      fault(request)
      return await train({ ...request, backend: 'kernel' }, world.bus, { elapsedMs: () => 0, progress() {}, resolve })
    },
    watch: (request) => watch(request, world.bus, resolve),
  })
  t.after(() => running.stop())
  return { metrics: made, requests, pass: (ms) => time.pass(ms), stop: () => running.stop() }
}

export async function eventsOf<K extends EventKind>(
  { bus }: World,
  kind: K,
): Promise<Extract<Event, { readonly kind: K }>[]> {
  const found: Extract<Event, { readonly kind: K }>[] = []
  const { first, next } = await bus.range(names.events, 0)
  for await (const records of bus.read(names.events, 0, first, next)) {
    for (let i = 0; i < records.count; i++) {
      const event = eventOf(valueBytes(records, i))
      if (event?.kind === kind) found.push(event as Extract<Event, { readonly kind: K }>)
    }
  }
  return found
}
