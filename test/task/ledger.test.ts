import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import { OUTCOMES } from '../../libs/core/verdict.ts'
import type { Block } from '../../libs/detector/peaks.ts'
import { decodeLedger, encodeLedger, type Ledger } from '../../libs/task/ledger.ts'
import {
  keptOfBlock,
  keptOfTail,
  keyCells,
  type Remembered,
  sampledOfBlock,
  stretchBlocks,
} from '../../libs/task/remembered.ts'

const floats = (longest: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: longest })
const score = fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0)
const blocks = (kept: number): fc.Arbitrary<Block[]> =>
  fc.array(fc.record({ scores: floats(kept), rows: fc.nat(), ceiling: fc.option(score) }, { noNullPrototype: true }), {
    maxLength: 16,
  })
const cells = fc.array(fc.nat(), { maxLength: keyCells })
const memories: fc.Arbitrary<Remembered> = fc.record(
  {
    regime: fc.record(
      {
        rows: fc.nat(),
        alarms: fc.nat(),
        beyondOwn: fc.nat(),
        hot: fc.nat(),
        stretchAlarms: fc.nat(),
        calm: fc.nat(),
        threshold: fc.option(score),
        sample: floats(stretchBlocks * sampledOfBlock),
        keyRows: cells,
        keyAlarms: cells,
        blocks: blocks(keptOfBlock),
        open: floats(keptOfBlock),
      },
      { noNullPrototype: true },
    ),
    tail: fc.option(
      fc.record(
        { rows: fc.nat(), offered: fc.nat(), threshold: score, blocks: blocks(keptOfTail), open: floats(keptOfTail) },
        { noNullPrototype: true },
      ),
    ),
  },
  { noNullPrototype: true },
)

const ledgers: fc.Arbitrary<Ledger> = fc
  .record({
    beginning: fc.record(
      { foldedFrom: fc.nat(), judgedFrom: fc.nat(), judgedBefore: fc.nat() },
      { noNullPrototype: true },
    ),
    nextOffset: fc.integer({ min: 1_000, max: 2 ** 50 }),
    lags: fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1 })), { maxLength: 64 }),
    counts: fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { minLength: OUTCOMES, maxLength: OUTCOMES }),
    chain: fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    served: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 })),
    absentSchemas: fc.array(fc.nat()),
    memory: fc.option(memories),
  })
  .map(({ beginning, nextOffset, lags, counts, chain, served, absentSchemas, memory }) => ({
    revision: '0123456789abcdef',
    beginning,
    nextOffset,
    detector: served === null ? null : { version: 'v', threshold: served, tail: 'fixed' as const },
    counts: Float64Array.from(counts),
    chain,
    bucketOffsets: Float64Array.from(lags, ([lag]) => nextOffset - lag),
    bucketWritten: Uint8Array.from(lags, ([, written]) => written),
    absentSchemas,
    memory,
  }))

test('a ledger comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(ledgers, (ledger) => {
      assert.deepEqual(decodeLedger(encodeLedger(ledger)), ledger)
    }),
  )
})

test('bytes that are no ledger are a failure that names the state', () => {
  for (const text of ['', '{}', '{"format":1}', '{"format":2}', 'null', '{"format":2,"counts":{}}']) {
    assert.throws(
      () => decodeLedger(new TextEncoder().encode(text)),
      (thrown) => thrown instanceof Failure && thrown.code === 'state-mismatch',
      text,
    )
  }
})

test('a ledger whose memory of scores is damaged, or of an older format, is refused', () => {
  const [ledger] = fc.sample(
    ledgers.filter(({ memory }) => memory !== null && memory.tail !== null && memory.regime.blocks.length > 0),
    1,
  )
  assert.ok(ledger)
  const whole = JSON.parse(new TextDecoder().decode(encodeLedger(ledger)))
  const damages: ((raw: typeof whole) => unknown)[] = [
    (raw) => delete raw.memory,
    (raw) => delete raw.memory.tail,
    (raw) => delete raw.memory.regime.rows,
    (raw) => {
      raw.memory.regime.alarms = -1
    },
    (raw) => {
      raw.memory.tail.threshold = 'high'
    },
    (raw) => {
      raw.memory.regime.sample = 'AAAA'
    },
    (raw) => {
      raw.memory.regime.open = Buffer.alloc(4 * keptOfBlock + 4).toString('base64')
    },
    (raw) => {
      raw.memory.regime.blocks[0].scores = Buffer.from(Float32Array.of(Number.NaN).buffer).toString('base64')
    },
    (raw) => {
      raw.memory.regime.keyRows = Array(keyCells + 1).fill(0)
    },
    (raw) => {
      raw.format = 2
    },
  ]
  for (const damage of damages) {
    const raw = structuredClone(whole)
    damage(raw)
    assert.throws(
      () => decodeLedger(new TextEncoder().encode(JSON.stringify(raw))),
      (thrown) => thrown instanceof Failure && thrown.code === 'state-mismatch' && /--reset-state/.test(thrown.message),
      String(damage),
    )
  }
})
