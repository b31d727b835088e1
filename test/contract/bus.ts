// Conformance suite of the bus contract: every adapter is held to it. `open` gives a bus and says how to wait in its time;
// names of topics and groups are unique per test, so that a broker can be shared.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bus, Running, RunOptions, TaskEvent } from '../../libs/bus/bus.ts'
import { partitionOf } from '../../libs/bus/murmur2.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { headersOf, keyBytes, type Records, valueBytes } from '../../libs/core/records.ts'
import { buildEcho, type EchoOptions, type EchoTask, type Ledger } from './bus-task.ts'

export interface World {
  readonly bus: Bus
  /** Waits for a promise in the time of this world: virtual time must be driven, a broker needs none. */
  settle<T>(promise: Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface ContractOptions {
  readonly open: () => Promise<World>
  /** Added to every name. */
  readonly prefix: string
  /** How long one test may take. */
  readonly timeoutMs: number
}

const T0 = 1_700_000_000_000

function message(topic: string, text: string, rest: Partial<Message> = {}): Message {
  const value = Buffer.from(text)
  return { topic, partition: 0, key: Buffer.from(`key-${text}`), value, headers: [], timestampMs: T0, ...rest }
}

function texts(records: Records): string[] {
  return Array.from({ length: records.count }, (_, i) => Buffer.from(valueBytes(records, i) ?? []).toString())
}

async function readAll(bus: Bus, topic: string, from = 0, to = Number.POSITIVE_INFINITY): Promise<string[]> {
  const all: string[] = []
  for (let partition = 0; partition < (await bus.partitions(topic)); partition++) {
    const { first, next } = await bus.range(topic, partition)
    for await (const records of bus.read(topic, partition, Math.max(from, first), Math.min(to, next))) {
      all.push(...texts(records))
    }
  }
  return all
}

/** Events of a run, and promises of those to come. */
class Watch {
  readonly events: TaskEvent[] = []
  readonly #waiting = new Set<() => void>()

  readonly on = (event: TaskEvent): void => {
    this.events.push(event)
    for (const look of this.#waiting) look()
  }

  /** Resolves once the events satisfy `enough`. */
  until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!enough()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  committed(partition: number): number {
    let offset = -1
    for (const event of this.events) {
      if (event.kind === 'committed' && event.partition === partition) offset = event.offset
    }
    return offset
  }
}

interface Names {
  readonly input: string
  readonly output: string
  readonly state: string
  readonly group: string
}

/** One test's world: three topics, a way to run echo tasks and to wait for their commits. */
class Bench {
  readonly bus: Bus
  readonly world: World
  readonly names: Names
  readonly built: EchoTask[] = []

  constructor(world: World, names: Names) {
    this.world = world
    this.bus = world.bus
    this.names = names
  }

  async topics(partitions: number): Promise<void> {
    const { input, output, state } = this.names
    await this.settle(
      this.bus.ensureTopics([
        { topic: input, partitions, cleanup: 'delete', retentionMs: null },
        { topic: output, partitions: 1, cleanup: 'delete', retentionMs: null },
        { topic: state, partitions, cleanup: 'compact', retentionMs: null },
      ]),
    )
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise)
  }

  async run(
    echo: Partial<EchoOptions> = {},
    options: Partial<RunOptions> = {},
  ): Promise<{ readonly running: Running; readonly watch: Watch }> {
    const { input, output, state, group } = this.names
    const watch = new Watch()
    const running = await this.settle(
      this.bus.run({
        topic: input,
        group,
        delivery: 'exactly-once',
        commitMsMin: 20,
        idleCommitMs: 100,
        bufferedBytesMax: 4_000_000,
        build: (assignment, reader) => buildEcho({ output, state, ...echo }, assignment, reader, this.built),
        resolve: async () => 'absent',
        on: watch.on,
        ...options,
      }),
    )
    return { running, watch }
  }

  publish(list: readonly string[], partition: number | null = 0): Promise<unknown> {
    return this.settle(this.bus.publish(list.map((text) => message(this.names.input, text, { partition }))))
  }

  /** What was passed on, without the version of who did: at least `count`, since markers may be written after the reply. */
  async outputs(count: number): Promise<string[]> {
    await this.#visible(this.names.output, (list) => list.length >= count)
    const all = await this.settle(readAll(this.bus, this.names.output))
    return all.map((text) => text.replace(/\/v\d+$/, ''))
  }

  /** The ledger that a partition's last visible commit carried, once it stands at `next`. */
  async ledger(partition: number, next: number): Promise<Ledger> {
    const parse = (list: readonly string[]): Ledger => JSON.parse(list.at(-1) ?? '{}')
    return parse(await this.#visible(this.names.state, (list) => parse(list).next === next, partition))
  }

  async #visible(topic: string, enough: (list: readonly string[]) => boolean, of?: number): Promise<readonly string[]> {
    const list: string[] = []
    let look = (): void => undefined
    const seen = new Promise<void>((resolve) => {
      look = () => enough(list) && resolve()
    })
    const following = await this.settle(
      this.bus.follow(topic, (partition, records) => {
        if (of === undefined || of === partition) list.push(...texts(records))
        look()
      }),
    )
    look()
    await this.settle(seen)
    await this.settle(following.stop())
    return list
  }
}

function numbered(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `r${from + i}`)
}

function echoed(list: readonly string[], partition = 0, from = 0): string[] {
  return list.map((text, i) => `${partition}/${from + i}/${text}`)
}

/** Registers the tests for one adapter. */
export function busContract(adapter: string, options: ContractOptions): void {
  let count = 0
  const check = (title: string, body: (bench: Bench) => Promise<void>): void => {
    test(`${adapter}: ${title}`, { timeout: options.timeoutMs }, async () => {
      const world = await options.open()
      const stem = `${options.prefix}-${count++}`
      const names = { input: `${stem}-in`, output: `${stem}-out`, state: `${stem}-state`, group: `${stem}-group` }
      try {
        await body(new Bench(world, names))
      } finally {
        await world.settle(world.close())
      }
    })
  }
  readingAndWriting(check)
  running(check)
  trouble(check)
}

type Check = (title: string, body: (bench: Bench) => Promise<void>) => void

function readingAndWriting(check: Check): void {
  check('what is published is read as it was, and the answer says where', async (bench) => {
    await bench.topics(2)
    const { input } = bench.names
    const odd = message(input, 'odd', {
      partition: 1,
      key: null,
      value: null,
      headers: [
        ['name', Buffer.from('content')],
        ['none', null],
      ],
      timestampMs: T0 + 5,
    })
    const published = await bench.settle(bench.bus.publish([message(input, 'a'), odd, message(input, 'b')]))
    assert.deepEqual(published, [
      { topic: input, partition: 0, offset: 0 },
      { topic: input, partition: 1, offset: 0 },
      { topic: input, partition: 0, offset: 1 },
    ])
    const seen: unknown[] = []
    const reading = async (): Promise<void> => {
      const { first, next } = await bench.bus.range(input, 1)
      for await (const records of bench.bus.read(input, 1, first, next)) {
        for (let i = 0; i < records.count; i++) {
          const headers = headersOf(records, i).map(([name, value]) => [name, value && Buffer.from(value).toString()])
          seen.push([keyBytes(records, i), valueBytes(records, i), headers, records.timestampsMs[i]])
        }
      }
    }
    await bench.settle(reading())
    assert.deepEqual(seen, [
      [
        null,
        null,
        [
          ['name', 'content'],
          ['none', null],
        ],
        T0 + 5,
      ],
    ])
  })

  check('a key chooses the partition as in Kafka', async (bench) => {
    await bench.topics(4)
    const { input } = bench.names
    const list = numbered(40).map((text) => message(input, text, { partition: null }))
    const published = await bench.settle(bench.bus.publish(list))
    for (const [i, { partition }] of published.entries()) {
      assert.equal(partition, partitionOf(list[i]?.key ?? new Uint8Array(0), 4))
    }
  })

  check('reading is bounded by position on both sides', async (bench) => {
    await bench.topics(1)
    for (let i = 0; i < 5; i++) await bench.publish(numbered(10, i * 10))
    assert.deepEqual(await bench.settle(readAll(bench.bus, bench.names.input, 7, 33)), numbered(26, 7))
    assert.deepEqual(await bench.settle(readAll(bench.bus, bench.names.input, 33, 33)), [])
  })

  check('the offset of a time is that of the first record at least as late', async (bench) => {
    await bench.topics(1)
    const { input } = bench.names
    const times = [0, 10, 5, 30, 20, 40]
    for (const ms of times) await bench.settle(bench.bus.publish([message(input, 'x', { timestampMs: T0 + ms })]))
    for (const [ms, offset] of [
      [0, 0],
      [6, 1],
      [11, 3],
      [31, 5],
      [40, 5],
      [41, 6],
    ] as const) {
      assert.equal(await bench.settle(bench.bus.offsetAt(input, 0, T0 + ms)), offset, `at ${ms} ms`)
    }
  })

  check('topics are created once; fewer partitions than needed is a failure', async (bench) => {
    await bench.topics(2)
    await bench.topics(2)
    assert.equal(await bench.settle(bench.bus.partitions(bench.names.input)), 2)
    await assert.rejects(bench.topics(3), { code: 'topic-mismatch' })
    await assert.rejects(bench.settle(bench.bus.partitions(`${bench.names.input}-none`)), { code: 'topic-missing' })
  })

  check('following hands over what exists, says so, and goes on', async (bench) => {
    await bench.topics(2)
    await bench.publish(numbered(5), 0)
    await bench.publish(numbered(3, 5), 1)
    const seen: string[] = []
    let look = (): void => undefined
    const following = await bench.settle(
      bench.bus.follow(bench.names.input, (partition, records) => {
        seen.push(...texts(records).map((text) => `${partition}/${text}`))
        look()
      }),
    )
    await bench.settle(following.caughtUp)
    assert.deepEqual([...seen].sort(), [...echo(0, numbered(5)), ...echo(1, numbered(3, 5))].sort())
    const more = new Promise<void>((resolve) => {
      look = () => seen.length >= 10 && resolve()
    })
    await bench.publish(numbered(2, 8), 1)
    await bench.settle(more)
    assert.deepEqual(seen.slice(8), echo(1, numbered(2, 8)))
    await bench.settle(following.stop())
  })

  check('an empty topic is caught up with at once', async (bench) => {
    await bench.topics(1)
    const following = await bench.settle(bench.bus.follow(bench.names.input, () => undefined))
    await bench.settle(following.caughtUp)
    await bench.settle(following.stop())
  })

  check('exclusively publishes what was decided', async (bench) => {
    await bench.topics(1)
    const { input, group } = bench.names
    await bench.publish(['before'])
    const decide = bench.bus.exclusively(group, async (reader) => {
      const { next } = await reader.range(input, 0)
      return [message(input, `after ${next}`)]
    })
    await bench.settle(decide)
    assert.deepEqual(await bench.settle(readAll(bench.bus, input)), ['before', 'after 1'])
  })

  check('a holder that another came in between publishes nothing', async (bench) => {
    await bench.topics(1)
    const { input, group } = bench.names
    const first = bench.bus.exclusively(group, async () => {
      await bench.bus.exclusively(group, async () => [message(input, 'second')])
      return [message(input, 'first')]
    })
    await assert.rejects(bench.settle(first), { code: 'fenced' })
    assert.deepEqual(await bench.settle(readAll(bench.bus, input)), ['second'])
  })
}

function echo(partition: number, list: readonly string[]): string[] {
  return list.map((text) => `${partition}/${text}`)
}

function running(check: Check): void {
  check('B1 B2 each record once and in order; a new run goes on where the last one committed', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(50))
    const first = await bench.run()
    await bench.settle(first.watch.until(() => first.watch.committed(0) >= 50))
    await bench.settle(first.running.stop())
    await bench.settle(first.running.ended)
    await bench.publish(numbered(30, 50))
    const second = await bench.run()
    await bench.settle(second.watch.until(() => second.watch.committed(0) >= 80))
    await bench.settle(second.running.stop())
    assert.deepEqual(await bench.outputs(80), echoed(numbered(80)))
    const live = second.watch.events.filter((event) => event.kind === 'live')
    assert.equal(live.at(-1)?.position, first.watch.committed(0))
  })

  check('B2 the state of a commit is that of its offset', async (bench) => {
    await bench.topics(2)
    for (let i = 0; i < 6; i++) await bench.publish(numbered(7, i * 7), i % 2)
    const { running, watch } = await bench.run()
    await bench.settle(watch.until(() => watch.committed(0) >= 21 && watch.committed(1) >= 21))
    await bench.settle(running.stop())
    for (const partition of [0, 1]) {
      const { next, seen } = await bench.ledger(partition, watch.committed(partition))
      assert.deepEqual([next, seen], [21, 21])
    }
  })

  check('I4 all outputs of a commit carry one version', async (bench) => {
    await bench.topics(1)
    const { running, watch } = await bench.run()
    for (let i = 0; i < 20; i++) await bench.publish(numbered(5, i * 5))
    await bench.settle(watch.until(() => watch.committed(0) >= 100))
    await bench.settle(running.stop())
    for (const event of watch.events) {
      if (event.kind !== 'committed') continue
      const versions = new Set(
        event.outputs.map(
          ({ value }) =>
            Buffer.from(value ?? [])
              .toString()
              .split('/v')[1],
        ),
      )
      assert.ok(versions.size <= 1, [...versions].join())
    }
  })

  check('without outputs the offset is committed too', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(10))
    const { running, watch } = await bench.run({ passes: () => false })
    await bench.settle(watch.until(() => watch.committed(0) >= 10))
    await bench.settle(running.stop())
    assert.deepEqual(await bench.outputs(0), [])
  })

  check('stopping commits what was judged', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(10))
    const { running, watch } = await bench.run({ passes: () => false }, { idleCommitMs: 3_600_000 })
    await bench.settle(watch.until(() => watch.events.some((event) => event.kind === 'live')))
    await bench.publish(numbered(10, 10))
    await bench.settle(watch.until(() => (bench.built[0]?.steps.length ?? 0) >= 1 || watch.committed(0) >= 0))
    await bench.settle(running.stop())
    await bench.settle(running.stop())
    await bench.settle(running.ended)
    assert.equal(watch.committed(0), bench.built[0]?.steps.length ?? 0)
  })

  check('an idle partition gets time', async (bench) => {
    await bench.topics(1)
    const { running, watch } = await bench.run({ ticks: true })
    const ticked = (): boolean => watch.events.some((event) => event.kind === 'committed' && event.outputs.length > 0)
    await bench.settle(watch.until(ticked))
    await bench.settle(running.stop())
    assert.match((await bench.outputs(1))[0] ?? '', /^tick\/0\/\d+$/)
  })

  check('at-least-once delivers everything too', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(40))
    const { running, watch } = await bench.run({}, { delivery: 'at-least-once' })
    await bench.settle(watch.until(() => watch.committed(0) >= 40))
    await bench.settle(running.stop())
    assert.deepEqual(await bench.outputs(40), echoed(numbered(40)))
  })
}

function trouble(check: Check): void {
  check('a need is met before the record that has it; what was before it is committed', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(20))
    const asked: number[] = []
    let committedWhenAsked = -1
    const { running, watch } = await bench.run(
      { needsBefore: (value) => value === 'r12' },
      {
        resolve: async () => {
          if (asked.length === 0) committedWhenAsked = watch.committed(0)
          asked.push(asked.length)
          if (asked.length < 3) throw new Failure('registry-unreachable', 'the registry is down')
          return 'answer'
        },
      },
    )
    await bench.settle(watch.until(() => watch.committed(0) >= 20))
    await bench.settle(running.stop())
    assert.equal(committedWhenAsked, 12)
    assert.equal(asked.length, 3)
    assert.deepEqual(bench.built.at(-1)?.supplied, ['answer'])
    assert.deepEqual(await bench.outputs(20), echoed(numbered(20)))
  })

  check('B5 a partition that waits does not keep the others from going on', async (bench) => {
    await bench.topics(3)
    await bench.publish(numbered(10), 0)
    await bench.publish(numbered(10), 1)
    await bench.publish(numbered(10), 2)
    const { output, state } = bench.names
    const { running, watch } = await bench.run(
      { needsBefore: (value) => value === 'r3' },
      {
        build: (assignment, reader) => {
          if (assignment.partition === 0) return new Promise(() => undefined)
          const echo = { output, state, needsBefore: (value: string) => assignment.partition === 1 && value === 'r3' }
          return buildEcho(echo, assignment, reader, bench.built)
        },
        resolve: async () => {
          throw new Failure('registry-unreachable', 'the registry is down')
        },
      },
    )
    await bench.settle(watch.until(() => watch.committed(2) >= 10 && watch.committed(1) >= 3))
    await bench.settle(running.stop())
    await bench.settle(running.ended)
  })

  check('B5 bytes in queues stay near their limit and nothing is dropped', async (bench) => {
    await bench.topics(2)
    const { input } = bench.names
    const large = 'x'.repeat(20_000)
    for (let i = 0; i < 20; i++) {
      const list = numbered(10, i * 10).map((text) => message(input, text + large, { partition: i % 2 }))
      await bench.settle(bench.bus.publish(list))
    }
    const { running, watch } = await bench.run({ passes: () => false }, { bufferedBytesMax: 100_000 })
    await bench.settle(watch.until(() => watch.committed(0) >= 100 && watch.committed(1) >= 100))
    await bench.settle(running.stop())
    assert.equal(
      bench.built.reduce((sum, task) => sum + task.steps.length, 0),
      200,
    )
    const most = Math.max(...watch.events.map((event) => (event.kind === 'buffered' ? event.bytes : 0)))
    assert.ok(most > 0 && most <= 100_000 + 2 * 4_000_000, `${most} bytes were queued`)
  })

  check('B3 B4 two runs of one group give every record one outcome', async (bench) => {
    await bench.topics(2)
    for (let i = 0; i < 10; i++) await bench.publish(numbered(10, i * 10), i % 2)
    const one = await bench.run()
    const two = await bench.run()
    one.running.ended.catch(() => undefined)
    two.running.ended.catch(() => undefined)
    for (let i = 10; i < 20; i++) await bench.publish(numbered(10, i * 10), i % 2)
    const committed = (partition: number): number =>
      Math.max(one.watch.committed(partition), two.watch.committed(partition))
    const done = (): boolean => committed(0) >= 100 && committed(1) >= 100
    await bench.settle(Promise.race([one.watch.until(done), two.watch.until(done)]))
    await bench.settle(Promise.all([one.running.stop(), two.running.stop()]))
    const outputs = await bench.outputs(200)
    assert.equal(outputs.length, 200)
    assert.equal(new Set(outputs).size, 200)
  })

  check('B3 a build that fails is tried again', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(5))
    const { output, state } = bench.names
    let builds = 0
    const { running, watch } = await bench.run(
      {},
      {
        build: (assignment, reader) => {
          if (++builds < 3) throw new Failure('broker-unreachable', 'not yet')
          return buildEcho({ output, state }, assignment, reader, bench.built)
        },
      },
    )
    await bench.settle(watch.until(() => watch.committed(0) >= 5))
    await bench.settle(running.stop())
    assert.equal(builds, 3)
    assert.deepEqual(await bench.outputs(5), echoed(numbered(5)))
  })

  check('a bug in a task ends the run with its error', async (bench) => {
    await bench.topics(1)
    await bench.publish(numbered(5))
    const { running } = await bench.run({
      passes: () => {
        throw new RangeError('a bug')
      },
    })
    await assert.rejects(bench.settle(running.ended), RangeError)
    await bench.settle(running.stop())
  })
}
