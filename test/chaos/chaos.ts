// Chaos: kill -9 of the scorer again and again while a stream runs through it, then the audit: every count, chain and alert must
// equal an offline recomputation from the input. Same seed, same moments of death as far as a real machine allows; at
// least half of the deaths are aimed at a transaction that is under way.
// Run by main.ts beside this file.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { encodeCard, keyOf, type Payment } from '../../examples/card-transactions/payment.ts'
import { cardTransactions } from '../../examples/card-transactions/simulator.ts'
import { topicShapes, topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { type BusSettings, openBus } from '../../libs/bus/open.ts'
import type { Message } from '../../libs/core/message.ts'
import { Random } from '../../libs/core/random.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { auditStream, lastLedger } from '../../libs/task/evidence.ts'
import { deployment } from '../../services/cli/deployment.ts'
import { files } from '../../services/cli/files.ts'
import { promote, readPublications } from '../../services/trainer/promote.ts'
import { train } from '../../services/trainer/train.ts'
import { root } from '../root.ts'
import { Child } from './child.ts'

const partitions = 4
/** Published before the scorer starts, for the first detector to learn from. */
const ahead = 20_000
const batch = 500

export interface ChaosOptions {
  readonly bus: 'embedded' | 'kafka'
  readonly brokers: readonly string[]
  readonly kills: number
  readonly records: number
  readonly seed: number
  /** Between batches of 500 records. */
  readonly pauseMs: number
  readonly say: (line: string) => void
}

export interface ChaosReport {
  readonly bus: string
  readonly kills: number
  readonly killsInTransaction: number
  readonly records: number
  readonly judged: number
  readonly alerts: number
  readonly switches: number
  readonly faults: readonly string[]
  readonly seconds: number
}

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-chaos-'))
  try {
    return await new Chaos(options, dir).run()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

class Chaos {
  readonly #options: ChaosOptions
  readonly #settings: BusSettings
  readonly #flags: readonly string[]
  readonly #spec = path.join(root, 'examples/card-transactions/stream.yaml')
  readonly #stream: Stream
  readonly #names
  readonly #random: Random
  readonly #payments
  #published = 0
  #url = ''
  /** What every life from now on must serve. */
  #version = ''
  readonly #faults: string[] = []

  constructor(options: ChaosOptions, dir: string) {
    this.#options = options
    const [stream] = deployment(files, [this.#spec])
    assert.ok(stream)
    this.#stream = stream
    this.#names = topics('plumbline', stream.spec.stream)
    this.#random = Random.derived(options.seed, 'chaos')
    this.#payments = cardTransactions({ seed: options.seed, fraudsPerDay: 0.05 })
    this.#settings =
      options.bus === 'kafka'
        ? { kind: 'kafka', options: { brokers: options.brokers, clientId: 'chaos' } }
        : { kind: 'embedded', options: { dir: path.join(dir, 'log'), mode: 'own' } }
    const where = options.bus === 'kafka' ? ['--brokers', options.brokers.join(',')] : ['--data', dir]
    this.#flags = ['scorer', this.#spec, ...where, '--metrics-port', '0', '--console-port', '0']
  }

  async run(): Promise<ChaosReport> {
    const startedMs = performance.now()
    await this.#withBus((bus) => this.#prepare(bus))
    const { kills, seed } = this.#options
    let killed = 0
    let inTransaction = 0
    let child = await this.#start()
    try {
      const feeding = this.#feed()
      const exhausted = feeding.then(() => assert.fail('the records ran out before the deaths; give a longer --pause'))
      // Once the deaths are over, running out is as it should be.
      exhausted.catch(() => {})
      while (killed < kills || inTransaction < kills / 2) {
        assert.ok(killed < kills * 5, `only ${inTransaction} of ${killed} deaths met an open transaction`)
        await Promise.race([this.#waitForDeath(child, killed % 2 === 1, inTransaction < kills / 2), exhausted])
        inTransaction += (await child.kill()) ? 1 : 0
        this.#look(child)
        killed++
        this.#url = ''
        if (killed === Math.ceil(kills / 2)) await this.#withBus((bus) => this.#train(bus, seed + 1))
        child = await this.#start()
        this.#options.say(
          `death ${killed}, ${inTransaction} within a transaction, ${this.#published} records published`,
        )
      }
      await feeding
      const report = await this.#finish(child)
      const seconds = Math.round((performance.now() - startedMs) / 1000)
      return { ...report, bus: this.#options.bus, kills: killed, killsInTransaction: inTransaction, seconds }
    } finally {
      // Does nothing to one that has ended.
      await child.kill()
    }
  }

  async #withBus<T>(act: (bus: Bus) => Promise<T>): Promise<T> {
    const bus = await openBus(this.#settings)
    try {
      return await act(bus)
    } finally {
      await bus.close()
    }
  }

  async #prepare(bus: Bus): Promise<void> {
    const { topic } = this.#stream.spec.source
    await bus.ensureTopics([{ topic, partitions, cleanup: 'delete', retentionMs: null }])
    await bus.ensureTopics(topicShapes(this.#names, partitions))
    while (this.#published < ahead) await bus.publish(this.#messages(this.#next(2_000)))
    await this.#train(bus, this.#options.seed)
  }

  async #train(bus: Bus, seed: number): Promise<void> {
    const name = this.#stream.spec.stream
    const trained = await train(
      { spec: this.#stream.spec, topics: this.#names, incumbent: null, seed, nowMs: Date.now() },
      bus,
      { elapsedMs: () => performance.now(), progress: () => {}, resolve: async () => 'absent' },
    )
    const current = (await readPublications(bus, this.#names.detectors)).pointer(name)?.version ?? null
    await promote({
      bus,
      topics: this.#names,
      prefix: 'plumbline',
      stream: name,
      revision: this.#stream.revision,
      version: trained.version,
      artefact: trained.artefact,
      expected: current,
      threshold: null,
      by: 'chaos',
      nowMs: Date.now(),
    })
    this.#version = trained.version
  }

  #next(count: number): Payment[] {
    const size = Math.min(count, this.#options.records - this.#published)
    this.#published += size
    return Array.from({ length: size }, () => this.#payments.next().value.record)
  }

  #messages(payments: readonly Payment[]): Message[] {
    const { topic } = this.#stream.spec.source
    const timestampMs = Date.now()
    return payments.map((payment) => {
      return { topic, partition: null, key: keyOf(payment), value: encodeCard(payment), headers: [], timestampMs }
    })
  }

  async #start(): Promise<Child> {
    const child = new Child(path.join(root, 'dist/services/cli/main.js'), this.#flags, {})
    const line = await child.line((each) => each.event === 'listening')
    assert.ok(line, `the scorer did not start:\n${child.lines.join('\n')}`)
    this.#url = String(line['api'])
    return child
  }

  /** What a life served, before the next publication. */
  #look({ serves, lines }: Child): void {
    if (serves === this.#version) return
    this.#faults.push(`a life served ${serves}, ${this.#version} was published:\n${lines.join('\n')}`)
  }

  /** Feeds at a rate that keeps the scorer at work for as long as it is killed. */
  async #feed(): Promise<void> {
    const bus = this.#options.bus === 'kafka' ? await openBus(this.#settings) : null
    while (this.#published < this.#options.records) {
      const payments = this.#next(batch)
      if (bus !== null) await bus.publish(this.#messages(payments))
      else await this.#post(payments)
      await pause(this.#options.pauseMs)
    }
    await bus?.close()
  }

  /** The embedded log has one owner, so its records go in by HTTP; a request without an answer is made again. */
  async #post(payments: readonly Payment[]): Promise<void> {
    const { topic } = this.#stream.spec.source
    const body = payments.map((payment) => JSON.stringify(payment)).join('\n')
    for (let tries = 0; tries < 600; tries++) {
      const url = this.#url
      if (url !== '') {
        const answer = await fetch(`${url}/topics/${topic}/records`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body,
        }).catch(() => null)
        if (answer?.ok) return
        assert.ok(answer === null || answer.status >= 500, `ingest refused: ${await answer?.text()}`)
      }
      await pause(50)
    }
    assert.fail('nobody took records in for 30 s')
  }

  /**
   * Every second life commits before it dies, so that each detector comes to judge: the first transaction of a life that
   * catches up may take longer than the pause, and such lives alone would leave the whole stream to the last of them.
   */
  async #waitForDeath(child: Child, fruitful: boolean, aimed: boolean): Promise<void> {
    await child.line((line) => line.event === (fruitful ? 'committed' : 'partition-live'))
    await pause(this.#random.integer(2_500))
    if (!aimed) return
    await child.line((line) => line.event === 'committing')
  }

  async #finish(child: Child): Promise<Omit<ChaosReport, 'bus' | 'kills' | 'killsInTransaction' | 'seconds'>> {
    const reading: BusSettings =
      this.#settings.kind === 'kafka'
        ? this.#settings
        : { kind: 'embedded', options: { ...this.#settings.options, mode: 'read' } }
    const bus = await openBus(reading)
    try {
      await this.#caughtUp(bus)
      assert.equal(await child.stop(), 0, `the scorer did not end well:\n${child.lines.join('\n')}`)
      return await this.#audit(bus)
    } finally {
      await bus.close()
    }
  }

  async #caughtUp(bus: Bus): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      let behind = 0
      for (let partition = 0; partition < partitions; partition++) {
        const { next } = await bus.range(this.#stream.spec.source.topic, partition)
        const ledger = await lastLedger(bus, this.#names.state, partition, this.#stream.revision)
        behind += next - (ledger?.nextOffset ?? 0)
      }
      if (behind === 0) return
      await pause(200)
    }
    assert.fail('the scorer did not catch up within two minutes')
  }

  async #audit(bus: Bus): Promise<Omit<ChaosReport, 'bus' | 'kills' | 'killsInTransaction' | 'seconds'>> {
    const audited = await auditStream(bus, this.#stream, this.#names, async () => 'absent')
    const faults = [...this.#faults, ...audited.faults]
    let records = 0
    for (let partition = 0; partition < partitions; partition++) {
      records += (await bus.range(this.#stream.spec.source.topic, partition)).next
    }
    if (audited.judged !== records) faults.push(`${records} records on the topic, ${audited.judged} in the ledgers`)
    if (audited.versions < 2) faults.push(`${audited.versions} detectors judged; the swap in the middle was not seen`)
    const { judged, alerts, switches } = audited
    return { records, judged, alerts, switches, faults }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
