// The runner alone, over a port made of lists, in virtual time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunOptions, Step, Task, TaskEvent } from '../../libs/bus/bus.ts'
import { ByteBudget } from '../../libs/bus/byte-budget.ts'
import type { Fetched } from '../../libs/bus/fetched.ts'
import type { Port } from '../../libs/bus/port.ts'
import { REBUILDS_MAX } from '../../libs/bus/recovery.ts'
import { Runner } from '../../libs/bus/runner.ts'
import { Process, VirtualTime } from '../../libs/bus/simulated/virtual-time.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { type Records, recordsOf } from '../../libs/core/records.ts'

const LIMIT_MS = 1_000_000

class Listed implements Task {
  readonly steps: number[] = []
  readonly skipped: string[] = []
  checkpoints = 0
  #next: number

  constructor(position: number) {
    this.#next = position
  }

  step(records: Records, from: number): Step {
    this.steps.push(records.count - from)
    this.#next = records.nextOffset
    const outputs = [message(`to ${this.#next}`)]
    return { outputs, nextOffset: this.#next, need: null }
  }

  skip(from: number, next: number): Step {
    this.skipped.push(`${from}-${next}`)
    this.#next = next
    return { outputs: [], nextOffset: next, need: null }
  }

  tick(): Step {
    return { outputs: [], nextOffset: this.#next, need: null }
  }

  checkpoint(): readonly Message[] {
    this.checkpoints++
    return [message('checkpoint')]
  }

  supply(): void {
    throw new Error('no need')
  }
}

function message(text: string): Message {
  return { topic: 'output', partition: 0, key: null, value: Buffer.from(text), headers: [], timestampMs: 0 }
}

function fetched(from: number, count: number): Fetched {
  const list = Array.from({ length: count }, () => ({ key: null, value: Buffer.from('x'), timestampMs: 0 }))
  return { from, next: from + count, bytes: count, runs: [{ kind: 'records', records: recordsOf(list, from) }] }
}

interface Commit {
  readonly atMs: number
  readonly texts: readonly string[]
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (failure: Failure) => void
}

/** A runner over a port whose commits the test answers. */
class Bench {
  readonly time = new VirtualTime(1, 0)
  readonly process = new Process(this.time)
  readonly commits: Commit[] = []
  readonly events: TaskEvent[] = []
  readonly seeks: number[] = []
  readonly built: Listed[] = []
  readonly committedAtBuild: (number | null)[] = []
  fences = 0
  turns = 0
  committed: number | null = null
  fence: () => Promise<number | null> = async () => this.committed
  readonly runner: Runner

  constructor(options: Partial<RunOptions> = {}) {
    const turn = this.process.turn.bind(this.process)
    this.process.turn = () => {
      this.turns++
      return turn()
    }
    const port: Port = {
      fence: () => {
        this.fences++
        return this.fence()
      },
      commit: (messages, offset) =>
        new Promise((resolve, reject) => {
          const texts = messages.map(({ value }) => Buffer.from(value ?? []).toString())
          this.commits.push({ atMs: this.time.nowMs, texts, offset, resolve, reject })
        }),
      seek: (offset) => {
        this.seeks.push(offset)
      },
      pause: () => undefined,
      resume: () => undefined,
      close: async () => undefined,
    }
    const all: RunOptions = {
      topic: 'input',
      group: 'group',
      delivery: 'exactly-once',
      commitMsMin: 50,
      idleCommitMs: 1000,
      bufferedBytesMax: 1_000_000,
      build: async ({ committed }) => {
        const task = new Listed(committed ?? 0)
        this.built.push(task)
        this.committedAtBuild.push(committed)
        return { task, position: committed ?? 0 }
      },
      resolve: async () => 'absent',
      on: (event) => this.events.push(event),
      ...options,
    }
    const budget = new ByteBudget(all.bufferedBytesMax, () => undefined)
    this.runner = new Runner({
      partition: 0,
      port,
      options: all,
      reader: {
        partitions: async () => 1,
        range: async () => ({ first: 0, next: 0 }),
        read: async function* () {},
        offsetAt: async () => 0,
      },
      scheduler: this.process,
      share: (pause, resume) => budget.join(pause, resume),
    })
  }

  async until(done: () => boolean, what: string): Promise<void> {
    assert.ok(await this.time.drive(done, this.time.nowMs + LIMIT_MS), what)
  }

  live(times = 1): Promise<void> {
    return this.until(() => this.events.filter(({ kind }) => kind === 'live').length >= times, 'live')
  }

  async commit(index: number): Promise<Commit> {
    await this.until(() => this.commits.length > index, `commit ${index}`)
    const commit = this.commits[index]
    assert.ok(commit !== undefined)
    return commit
  }

  /** Acknowledges a commit, as the log would. */
  acknowledge(commit: Commit): void {
    this.committed = commit.offset
    commit.resolve()
  }

  async end(promise: Promise<unknown>): Promise<void> {
    let ended = false
    promise.finally(() => {
      ended = true
    })
    await this.until(() => ended, 'end')
  }
}

test('L1 what is judged while a commit is under way belongs to the next', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer(fetched(0, 3))
  const first = await bench.commit(0)
  bench.runner.offer(fetched(3, 2))
  await bench.until(() => bench.built[0]?.steps.length === 2, 'judged ahead')
  await bench.time.drive(() => false, bench.time.nowMs + 10_000)
  assert.equal(bench.commits.length, 1)
  bench.acknowledge(first)
  const second = await bench.commit(1)
  assert.deepEqual(first.texts, ['to 3', 'checkpoint'])
  assert.deepEqual(second.texts, ['to 5', 'checkpoint'])
  assert.equal(second.offset, 5)
  bench.acknowledge(second)
  await bench.end(bench.runner.stop())
})

test('commits with outputs keep their distance', async () => {
  const bench = new Bench({ commitMsMin: 400 })
  await bench.live()
  for (let i = 0; i < 5; i++) {
    bench.runner.offer(fetched(i, 1))
    bench.acknowledge(await bench.commit(i))
  }
  for (const [i, { atMs }] of bench.commits.entries()) {
    const before = bench.commits[i - 1]
    if (before !== undefined) assert.ok(atMs - before.atMs >= 399, `${atMs - before.atMs} ms apart`)
  }
  await bench.end(bench.runner.stop())
})

test('L5 a large run is judged in pieces, with a turn after each', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer(fetched(0, 20_000))
  await bench.until(() => (bench.built[0]?.steps.reduce((sum, count) => sum + count, 0) ?? 0) === 20_000, 'judged')
  assert.deepEqual(bench.built[0]?.steps, [8192, 8192, 3616])
  assert.ok(bench.turns >= 2)
  await bench.end(bench.runner.abandon())
})

test('L3 a commit that fails ends the task; it is fenced and built anew from what is committed', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer(fetched(0, 3))
  bench.acknowledge(await bench.commit(0))
  bench.runner.offer(fetched(3, 3))
  const lost = await bench.commit(1)
  lost.reject(new Failure('commit-unknown', 'no reply'))
  await bench.live(2)
  assert.equal(bench.fences, 2)
  assert.deepEqual(bench.committedAtBuild, [null, 3])
  assert.deepEqual(bench.seeks, [0, 3])
  assert.equal(bench.events.filter(({ kind }) => kind === 'discarded').length, 1)
  bench.runner.offer(fetched(3, 3))
  const again = await bench.commit(2)
  assert.deepEqual([again.texts, again.offset], [['to 6', 'checkpoint'], 6])
  bench.acknowledge(again)
  await bench.end(bench.runner.stop())
})

test('fetches that do not join end the task', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer(fetched(0, 3))
  bench.runner.offer(fetched(4, 1))
  await bench.live(2)
  assert.equal(bench.built.length, 2)
  await bench.end(bench.runner.abandon())
})

test('tries are bounded', async () => {
  const bench = new Bench()
  bench.fence = async () => {
    throw new Failure('broker-unreachable', 'down')
  }
  await bench.end(bench.runner.ended)
  assert.equal((await bench.runner.ended).kind, 'failed')
  assert.equal(bench.fences, REBUILDS_MAX + 1)
})

test('what trying again does not cure ends at once', async () => {
  const bench = new Bench({
    build: async () => {
      throw new Failure('state-mismatch', 'ledger and offset disagree')
    },
  })
  await bench.end(bench.runner.ended)
  assert.equal((await bench.runner.ended).kind, 'failed')
  assert.equal(bench.fences, 1)
})

test('fenced once it tries again; fenced twice it gives way, unless it was assigned anew between', async () => {
  const bench = new Bench()
  await bench.live()
  const fence = async (index: number): Promise<void> => {
    bench.runner.offer(fetched(0, 1))
    const commit = await bench.commit(index)
    commit.reject(new Failure('fenced', 'old epoch'))
  }
  await fence(0)
  await bench.live(2)
  bench.runner.confirm()
  await bench.live(3)
  await fence(1)
  await bench.live(4)
  await fence(2)
  await bench.end(bench.runner.ended)
  assert.equal((await bench.runner.ended).kind, 'fenced')
})

test('L3 an assignment keeps a task with nothing uncommitted, and fences all the same', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer(fetched(0, 3))
  bench.acknowledge(await bench.commit(0))
  bench.runner.suspend()
  bench.runner.offer(fetched(3, 1))
  bench.runner.confirm()
  await bench.live(2)
  assert.deepEqual([bench.fences, bench.built.length, bench.seeks.at(-1)], [2, 1, 3])
  bench.committed = 9
  bench.runner.confirm()
  await bench.live(3)
  assert.deepEqual([bench.fences, bench.built.length, bench.seeks.at(-1)], [3, 2, 9])
  await bench.end(bench.runner.stop())
})

test('a rebalance commits what is judged without waiting', async () => {
  const bench = new Bench({ commitMsMin: 100_000 })
  await bench.live()
  bench.runner.offer(fetched(0, 3))
  bench.acknowledge(await bench.commit(0))
  bench.runner.offer(fetched(3, 3))
  await bench.until(() => bench.built[0]?.steps.length === 2, 'judged')
  const atMs = bench.time.nowMs
  bench.runner.suspend()
  const commit = await bench.commit(1)
  assert.ok(commit.atMs - atMs < 10)
  bench.acknowledge(commit)
  await bench.end(bench.runner.stop())
})

test('offsets of a batch that is too large are passed over in their place', async () => {
  const bench = new Bench()
  await bench.live()
  const [first] = [...fetched(0, 2).runs]
  const [last] = [...fetched(7, 1).runs]
  assert.ok(first !== undefined && last !== undefined)
  bench.runner.offer({ from: 0, next: 8, bytes: 1, runs: [first, { kind: 'too-large', from: 2, next: 7 }, last] })
  await bench.until(() => bench.built[0]?.steps.length === 2, 'judged')
  assert.deepEqual(bench.built[0]?.skipped, ['2-7'])
  assert.equal(bench.runner.position, 8)
  await bench.end(bench.runner.abandon())
})

test('a fetch of nothing but control records moves the position', async () => {
  const bench = new Bench()
  await bench.live()
  bench.runner.offer({ from: 0, next: 4, bytes: 0, runs: [] })
  bench.runner.offer(fetched(4, 1))
  await bench.until(() => bench.runner.position === 5, 'judged')
  await bench.end(bench.runner.abandon())
})

test('stopping while it is built ends it', async () => {
  const bench = new Bench({ build: () => new Promise(() => undefined) })
  await bench.until(() => bench.fences === 1, 'fenced')
  await bench.end(bench.runner.stop())
  assert.equal((await bench.runner.ended).kind, 'stopped')
})
