// World: a stream of payments on an embedded log in a folder of its own, for tests of the trainer: seeded records, frauds
// among them where a test wants them, labels, trainings, and what is published.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { type FeedbackVerdict, feedbackMessage } from '../../../libs/alert/feedback.ts'
import { topicShapes, topics } from '../../../libs/alert/topics.ts'
import type { Bus } from '../../../libs/bus/bus.ts'
import { embedded } from '../../../libs/bus/embedded/embedded.ts'
import { Random } from '../../../libs/core/random.ts'
import type { Spec } from '../../../libs/stream/spec.ts'
import { parse } from '../../../libs/stream/spec-parse.ts'
import { stream as compile } from '../../../libs/stream/stream-compile.ts'
import { type Trained, type TrainRequest, train } from '../../../services/trainer/train.ts'

export const startMs = 1_700_000_000_000
export const stepMs = 60_000
export const names = topics('plumbline', 'payments')

export interface Payment {
  readonly card: string
  readonly at: number
  readonly amount: number
  readonly speed: number
  readonly id: string
}

export interface WorldOptions {
  readonly cards?: number
  readonly training?: string
  readonly window?: number
}

export class World {
  readonly bus: Bus
  /** Where the log lies. */
  readonly dir: string
  readonly spec: Spec
  readonly revision: string
  readonly #random = new Random(11)
  readonly #cards: number
  #sent = 0

  constructor(bus: Bus, dir: string, { cards = 80, training = '', window = 1 }: WorldOptions) {
    this.bus = bus
    this.dir = dir
    this.#cards = cards
    this.spec = parse(
      `stream: payments
source: { topic: payments, format: json, key: { field: card }, id: id, time: { field: at, unit: ms } }
features: [{ name: amount, field: amount }, { name: speed, field: speed }]
window: { rows: ${window} }
detector: { kind: undercomplete, alarms: { rate: 0.01 } }
training: { history: 60d, rowsMin: 500, rowsMax: 20000${training} }
`,
      'payments.yaml',
      () => '',
    )
    this.revision = compile(this.spec).revision
  }

  /** Amount and speed go together; `change` says what a payment is instead. */
  async send(
    count: number,
    change: (payment: Payment, index: number) => Payment = (payment) => payment,
  ): Promise<void> {
    const text = new TextEncoder()
    const messages = Array.from({ length: count }, (_, i) => {
      const amount = this.#random.normal()
      const payment = change(
        {
          card: `c${this.#random.integer(this.#cards)}`,
          at: startMs + this.#sent * stepMs,
          amount: 10 + 2 * amount,
          speed: 5 + amount + 0.3 * this.#random.normal(),
          id: `tx${this.#sent}`,
        },
        i,
      )
      this.#sent++
      const value = text.encode(JSON.stringify(payment))
      const { topic } = this.spec.source
      return { topic, partition: null, key: text.encode(payment.card), value, headers: [], timestampMs: payment.at }
    })
    for (let from = 0; from < count; from += 2_000) await this.bus.publish(messages.slice(from, from + 2_000))
  }

  /** Offset i of the one partition is payment i. */
  async label(verdict: FeedbackVerdict, offsets: readonly number[]): Promise<void> {
    await this.bus.publish(
      offsets.map((offset) =>
        feedbackMessage(names.feedback, 'payments', {
          verdict,
          subject: { kind: 'position', topic: 'payments', partition: 0, offset },
          eventTimeMs: null,
          by: 'test',
          atMs: startMs,
          note: null,
        }),
      ),
    )
  }

  train(incumbent: Trained | null = null, more: Partial<TrainRequest> = {}): Promise<Trained> {
    return train(
      { spec: this.spec, topics: names, incumbent, seed: 3, nowMs: startMs, backend: 'kernel', ...more },
      this.bus,
      { elapsedMs: () => 0, progress: () => {}, resolve: async () => 'absent' },
    )
  }
}

export async function world(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-trainer-'))
  const bus = await embedded({ dir, mode: 'own' })
  t.after(async () => {
    await bus.close()
    rmSync(dir, { recursive: true, force: true })
  })
  await bus.ensureTopics([{ topic: 'payments', partitions: 1, cleanup: 'delete', retentionMs: null }])
  await bus.ensureTopics(topicShapes(names, 1))
  return new World(bus, dir, options)
}

/** Every so many payments a fraud: much money, slowly. */
export const frauds =
  (every: number) =>
  (payment: Payment, i: number): Payment =>
    i % every === every - 1 ? { ...payment, amount: 17, speed: 2 } : payment
