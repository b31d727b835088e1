// The embedded log: the contract, and what only it promises: one owner, readers beside it, durability, retention, compaction.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Bus } from '../../libs/bus/bus.ts'
import { compact, TOMBSTONE_MS } from '../../libs/bus/embedded/compaction.ts'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { Log } from '../../libs/bus/embedded/log.ts'
import { isAlive, ownIdentity } from '../../libs/bus/embedded/owner.ts'
import { expire } from '../../libs/bus/embedded/retention.ts'
import { Store, type TopicRow } from '../../libs/bus/embedded/store.ts'
import { wallScheduler } from '../../libs/bus/scheduler.ts'
import type { Message } from '../../libs/core/message.ts'
import { valueBytes } from '../../libs/core/records.ts'
import { busContract, type World } from '../contract/bus.ts'

const T0 = 1_700_000_000_000

function temporary(): string {
  return mkdtempSync(path.join(tmpdir(), 'plumbline-log-'))
}

async function inTemporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = temporary()
  try {
    await body(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function open(): Promise<World> {
  const dir = temporary()
  const bus = await embedded({ dir, mode: 'own' })
  return {
    bus,
    settle: (promise) => promise,
    close: async () => {
      await bus.close()
      rmSync(dir, { recursive: true })
    },
  }
}

busContract('embedded', { open, prefix: 'contract', timeoutMs: 20_000 })

function message(key: string | null, text: string | null, timestampMs = T0): Message {
  const bytes = (of: string | null): Uint8Array | null => (of === null ? null : Buffer.from(of))
  return { topic: 'input', partition: 0, key: bytes(key), value: bytes(text), headers: [], timestampMs }
}

async function textsOf(bus: Bus, topic: string): Promise<string[]> {
  const list: string[] = []
  for await (const records of bus.read(topic, 0, 0, Number.POSITIVE_INFINITY)) {
    for (let i = 0; i < records.count; i++) {
      list.push(`${records.offsets[i]}/${Buffer.from(valueBytes(records, i) ?? []).toString()}`)
    }
  }
  return list
}

const INPUT = { topic: 'input', partitions: 1, cleanup: 'delete', retentionMs: null } as const

test('a second owner is refused while the first lives, and taken in after it closed', async () => {
  await inTemporary(async (dir) => {
    const first = await embedded({ dir, mode: 'own' })
    await assert.rejects(embedded({ dir, mode: 'own' }), { code: 'log-owned' })
    await first.ensureTopics([INPUT])
    await first.publish([message('k', 'still here')])
    await first.close()
    const second = await embedded({ dir, mode: 'own' })
    await second.close()
  })
})

test('the log of a dead process is taken over, and an owner thought dead is fenced at its next write', async () => {
  await inTemporary(async (dir) => {
    const dead = { pid: process.pid, started: 'long ago' }
    assert.equal(isAlive(ownIdentity()), true)
    assert.equal(isAlive(dead), false)
    const old = new Store(dir, 'own', dead)
    await old.write(() => undefined)
    const current = new Store(dir, 'own')
    await assert.rejects(
      old.write(() => undefined),
      { code: 'fenced' },
    )
    await current.write(() => undefined)
    await old.close()
    await current.close()
  })
})

test('reading a directory without a log says what to do', async () => {
  await inTemporary(async (dir) => {
    await assert.rejects(embedded({ dir, mode: 'read' }), { code: 'file-unreadable' })
  })
})

test('what was written is there after closing and opening', async () => {
  await inTemporary(async (dir) => {
    const first = await embedded({ dir, mode: 'own' })
    await first.ensureTopics([INPUT])
    await first.publish([message('k', 'a'), message('k', 'b')])
    await first.close()
    const second = await embedded({ dir, mode: 'own' })
    await second.publish([message('k', 'c')])
    assert.deepEqual(await textsOf(second, 'input'), ['0/a', '1/b', '2/c'])
    await second.close()
  })
})

test('a worker thread follows what the owner appends, and cannot write', async () => {
  await inTemporary(async (dir) => {
    const owner = await embedded({ dir, mode: 'own' })
    await owner.ensureTopics([INPUT])
    await owner.publish([message('k', 'before')])
    const worker = new Worker(new URL('./embedded-reader.js', import.meta.url), { workerData: dir })
    const seen: string[] = []
    const waits: { readonly text: string; readonly resolve: () => void }[] = []
    worker.on('message', (text: string) => {
      seen.push(text)
      for (const wait of waits) if (wait.text === text) wait.resolve()
    })
    const sees = (text: string): Promise<void> =>
      new Promise((resolve) => {
        if (seen.includes(text)) resolve()
        waits.push({ text, resolve })
      })
    await sees('caught up')
    await owner.publish([message('k', 'after')])
    await sees('after')
    assert.deepEqual(seen, ['before', 'caught up', 'after'])
    worker.postMessage('stop')
    await once(worker, 'exit')
    const reader = await embedded({ dir, mode: 'read' })
    await assert.rejects(reader.publish([message('k', 'x')]), { code: 'log-owned' })
    await reader.close()
    await owner.close()
  })
})

test('a process killed at any moment loses nothing it acknowledged and doubles nothing', {
  timeout: 60_000,
}, async () => {
  await inTemporary(async (dir) => {
    let published = -1
    let committed = 0
    for (let life = 0; life < 3; life++) {
      const child = spawn(process.execPath, [path.join(import.meta.dirname, 'embedded-writer.js'), dir])
      let lines = 0
      const enough = 20 + 37 * life
      let rest = ''
      child.stderr.pipe(process.stderr)
      child.stdout.on('data', (data: Buffer) => {
        rest += data.toString()
        const whole = rest.split('\n')
        rest = whole.pop() ?? ''
        for (const line of whole) {
          if (line.startsWith('f')) assert.fail(line)
          if (line.startsWith('p')) published = Math.max(published, Number(line.slice(2)))
          if (line.startsWith('c')) committed = Math.max(committed, Number(line.slice(2)))
          if (++lines === enough) child.kill('SIGKILL')
        }
      })
      await once(child, 'close')
    }
    const bus = await embedded({ dir, mode: 'own' })
    const input = await textsOf(bus, 'input')
    assert.ok(input.length > published, `${published} was acknowledged, ${input.length} records are there`)
    // Each publication is all or nothing, and offsets ascend by one.
    assert.equal(input.length % 2, 0)
    assert.deepEqual(
      input.map((text) => Number(text.split('/')[0])),
      input.map((_, i) => i),
    )
    const outputs = await textsOf(bus, 'output')
    assert.ok(outputs.length >= committed && committed > 0)
    assert.deepEqual(
      outputs.map((text) => text.split('/').slice(2, 4).join('/')),
      input.slice(0, outputs.length),
    )
    await bus.close()
  })
})

interface Bare {
  readonly store: Store
  readonly log: Log
  readonly bus: Bus
  readonly topic: TopicRow
}

/** The log's parts without their bus, and a bus that reads beside them. */
async function inBare(cleanup: 'compact' | 'delete', body: (bare: Bare) => Promise<void>): Promise<void> {
  await inTemporary(async (dir) => {
    const store = new Store(dir, 'own')
    const topic: TopicRow = { id: 1, partitions: 1, cleanup, retentionMs: 1000 }
    await store.write(() => store.topics.put('input', topic))
    const bus = await embedded({ dir, mode: 'read' })
    await body({ store, log: new Log(store), bus, topic })
    await bus.close()
    await store.close()
  })
}

async function append({ store, log }: Bare, messages: readonly Message[], nowMs: number): Promise<void> {
  const appending = log.append('input', 0, messages, nowMs)
  await store.write(() => appending.write())
}

test('retention removes whole batches by the time of appending, and the range says so', async () => {
  await inBare('delete', async (bare) => {
    for (let i = 0; i < 50; i++) await append(bare, [message('k', `a${i}`, 0), message('k', `b${i}`, 0)], T0 + i)
    while (await expire(bare.store, bare.topic, 0, T0 + 40));
    assert.deepEqual(await bare.bus.range('input', 0), { first: 80, next: 100 })
    assert.equal((await textsOf(bare.bus, 'input')).length, 20)
    while (await expire(bare.store, bare.topic, 0, T0 + 100));
    assert.deepEqual(await bare.bus.range('input', 0), { first: 100, next: 100 })
    await append(bare, [message('k', 'c')], T0 + 200)
    assert.deepEqual(await textsOf(bare.bus, 'input'), ['100/c'])
  })
})

test('compaction keeps the last record of every key at its offset, and forgets old tombstones', async () => {
  await inBare('compact', async (bare) => {
    for (let i = 0; i < 105; i++) await append(bare, [message(`k${i % 7}`, `v${i}`)], T0)
    await append(bare, [message('k0', null), message(null, 'keyless'), message('k1', 'last')], T0)
    const before = bare.bus.follow('input', () => undefined)
    await compact(bare.store, bare.topic, 0, T0 + 1, wallScheduler())
    const expected = ['100/v100', '101/v101', '102/v102', '103/v103', '104/v104']
    assert.deepEqual(await textsOf(bare.bus, 'input'), [...expected, '105/', '106/keyless', '107/last'])
    assert.equal([...bare.store.batches.getKeys()].length, 1)
    await compact(bare.store, bare.topic, 0, T0 + 2 * TOMBSTONE_MS, wallScheduler())
    assert.deepEqual(await textsOf(bare.bus, 'input'), [...expected, '106/keyless', '107/last'])
    assert.equal((await bare.bus.range('input', 0)).next, 108)
    await (await before).stop()
    await append(bare, [message('k2', null)], T0)
    await compact(bare.store, bare.topic, 0, T0 + 4 * TOMBSTONE_MS, wallScheduler())
    assert.equal((await bare.bus.range('input', 0)).next, 109)
    const left = (await textsOf(bare.bus, 'input')).length
    await append(bare, [message('k9', 'new')], T0)
    assert.equal((await textsOf(bare.bus, 'input')).length, left + 1)
  })
})

test('a reader in the middle of a compacted stretch goes on behind it', async () => {
  await inBare('compact', async (bare) => {
    for (let i = 0; i < 100; i++) await append(bare, [message('k', `v${i}`)], T0)
    await compact(bare.store, bare.topic, 0, T0, wallScheduler())
    const list: number[] = []
    for await (const records of bare.bus.read('input', 0, 50, 100)) list.push(...records.offsets)
    assert.deepEqual(list, [99])
    for await (const records of bare.bus.read('input', 0, 10, 60)) assert.equal(records.count, 0)
  })
})
