// History: one run of several processes on the modelled broker under faults, then a quiet phase in which everything must
// drain; a seed is a complete description of it.
// Faults: requests and replies lost or late, processes killed before and after their session expires, processes paused
// beyond it (zombies) that go on afterwards, clean stops and starts, new detector versions, poison among the records.

import type { Running } from '../../libs/bus/bus.ts'
import { SimulatedBus, type SimulatedWorld } from '../../libs/bus/simulated/simulated.ts'
import { Process } from '../../libs/bus/simulated/virtual-time.ts'
import { simulatedWorld } from '../../libs/bus/simulated/world.ts'
import type { TransactionClient } from '../../libs/bus/transaction-port.ts'
import { Random } from '../../libs/core/random.ts'
import { Checker, type Violation } from './checker.ts'
import { buildJudge, type Flaw, topics } from './judge.ts'

export interface HistoryOptions {
  readonly flaw?: Flaw
  /** Made anew for every history. */
  readonly wrap?: () => (client: TransactionClient) => TransactionClient
}

const GROUP = 'group'
const PARTITIONS = 3
const RECORDS = 24
const MEMBERS = 2
const FAULTY_MS = 40_000
const QUIET_MS = 240_000
const RESTART_MS_MAX = 15_000
const PAUSE_MS_MAX = 25_000
const ACTIONS = 6

interface Member {
  readonly process: Process
  running: Running | null
}

/** The violations that a seed leads to. */
export async function history(seed: number, options: HistoryOptions = {}): Promise<readonly Violation[]> {
  const world = simulatedWorld(seed, 0, { requestLost: 0.02, replyLost: 0.03, delayed: 0.03 })
  const checker = new Checker(world.broker, GROUP)
  const random = Random.derived(seed, 'history')
  const scene = new Scene(world, random, options)
  world.broker.create(
    Object.values(topics).map((topic) => ({ topic, partitions: PARTITIONS, cleanup: 'delete', retentionMs: null })),
  )
  scene.begin()
  await world.time.drive(() => false, FAULTY_MS)
  world.faults.requestLost = 0
  world.faults.replyLost = 0
  world.faults.delayed = 0
  scene.quiet()
  await world.time.drive(() => checker.done(), FAULTY_MS + QUIET_MS)
  return checker.violations()
}

class Scene {
  readonly #world: SimulatedWorld
  readonly #random: Random
  readonly #options: HistoryOptions
  readonly #members: (Member | null)[] = []
  readonly #wrap: (client: TransactionClient) => TransactionClient
  #version = 1
  #count = 0

  constructor(world: SimulatedWorld, random: Random, options: HistoryOptions) {
    this.#world = world
    this.#random = random
    this.#options = options
    this.#wrap = options.wrap?.() ?? ((client) => client)
  }

  begin(): void {
    const { time } = this.#world
    for (let partition = 0; partition < PARTITIONS; partition++) this.#feed(partition)
    for (let slot = 0; slot < MEMBERS; slot++) time.after(this.#random.uniform() * 3000, () => this.#start(slot))
    for (let i = 0; i < ACTIONS; i++) time.after(this.#random.uniform() * FAULTY_MS, () => this.#act())
    for (let i = 0; i < ACTIONS; i++) time.after(this.#random.uniform() * FAULTY_MS, () => this.#version++)
  }

  #feed(partition: number): void {
    const { broker, time } = this.#world
    let atMs = 0
    for (let i = 0; i < RECORDS; i++) {
      const kind = this.#random.integer(10)
      const value = `${kind < 3 ? 'a' : kind === 3 ? 'p' : 'n'}${i}`
      const key = Buffer.from(`k${this.#random.integer(4)}`)
      const message = { topic: topics.input, partition, key, value: Buffer.from(value), headers: [], timestampMs: 0 }
      if (this.#random.integer(3) === 0) atMs += this.#random.uniform() * 4000
      time.after(Math.min(atMs, FAULTY_MS), () => broker.append(topics.input, partition, [message], null))
    }
  }

  #start(slot: number): void {
    if (this.#members[slot] != null) return
    const process = new Process(this.#world.time)
    const member: Member = { process, running: null }
    this.#members[slot] = member
    process.after(0, () => void this.#live(member, slot))
  }

  async #live(member: Member, slot: number): Promise<void> {
    const { process } = member
    const name = `${slot}.${this.#count++}`
    const bus = new SimulatedBus({ world: this.#world, process, name, fetchRecordsMax: 5, wrap: this.#wrap })
    const flaw = this.#options.flaw ?? 'none'
    const judge = {
      flaw,
      version: () => (flaw === 'model-per-record' ? this.#version++ : this.#version),
      nonce: () => `${this.#count++}`,
    }
    member.running = await bus.run({
      topic: topics.input,
      group: GROUP,
      delivery: 'exactly-once',
      commitMsMin: 20,
      idleCommitMs: 200,
      bufferedBytesMax: 1_000_000,
      build: (assignment, reader) => buildJudge(judge, assignment, reader),
      resolve: async () => 'absent',
      on: () => undefined,
    })
    // A process that ends is started again, as a supervisor would.
    member.running.ended.catch(() => this.#replace(member, slot, 2000))
  }

  #replace(member: Member, slot: number, inMs: number): void {
    member.process.kill()
    if (this.#members[slot] === member) this.#members[slot] = null
    this.#world.time.after(inMs, () => this.#start(slot))
  }

  #act(): void {
    const slot = this.#random.integer(MEMBERS)
    const member = this.#members[slot]
    if (member == null) return
    const inMs = this.#random.uniform() * RESTART_MS_MAX
    switch (this.#random.integer(3)) {
      case 0:
        this.#replace(member, slot, inMs)
        break
      case 1:
        member.process.pause()
        this.#world.time.after(this.#random.uniform() * PAUSE_MS_MAX, () => member.process.resume())
        break
      default:
        member.process.after(0, () => void member.running?.stop().then(() => this.#replace(member, slot, inMs)))
    }
  }

  /** Everyone lives and nothing disturbs. */
  quiet(): void {
    for (let slot = 0; slot < MEMBERS; slot++) {
      this.#members[slot]?.process.resume()
      this.#start(slot)
    }
  }
}
