// Recovery: seconds from the assignment of its partitions to the first transaction formed, of a scorer that died without a
// word and is started again: 100,000 keys of state on the state topic. Beside it the same of its first start, when there
// was no state: joining, fencing and the client's own doings are in both.
// Run as a program (argv: brokers, topic, prefix, records) it is the scorer, which dies when it has committed so many.
// Not measured: how long the group takes to notice that the old one is gone (its session, 10 s).

import { fillWith, PARTITIONS, PLANTED_EVERY } from './backlog.ts'
import { benchScorer } from './bench-scorer.ts'
import { apart, atMost, type Figure, figure, type Size, wallUs } from './figure.ts'
import { atTime, readings } from './readings.ts'

const KEYS: Record<Size, number> = { full: 100_000, quick: 10_000 }
/** Readings a key, on average, before it dies. */
const READINGS_PER_KEY = 4
const MORE = PARTITIONS * PLANTED_EVERY
const LATER_MS = 86_400_000
const SECONDS_MAX = 5

interface Start {
  readonly seconds: number
}

export async function recovery(brokers: readonly string[], size: Size): Promise<readonly Figure[]> {
  const topic = `bench-recovery-${process.pid}`
  const keys = KEYS[size]
  const distinct = readings(READINGS_PER_KEY * keys, 4, keys)
  const records = READINGS_PER_KEY * keys
  await fillWith(brokers, topic, records, distinct)
  const start = (wanted: number): Promise<Start> =>
    apart<Start>('recovery.js', [brokers.join(','), topic, topic, String(wanted)])
  const first = await start(records)
  const later = distinct.slice(0, MORE).map((reading) => atTime(reading, reading.timestampMs + LATER_MS))
  await fillWith(brokers, topic, MORE, later)
  const second = await start(MORE)
  return [
    figure({
      name: `recovery on Kafka after a kill, ${keys.toLocaleString('en')} keys, assignment to first transaction`,
      value: second.seconds,
      unit: 's',
      floor: first.seconds,
      floorName: 'the first start, without state',
      budgets: [atMost('value', SECONDS_MAX)],
      notMeasured: "the old member's session timeout",
    }),
  ]
}

if (process.argv[1] === import.meta.filename) {
  const [brokers = '', topic = '', prefix = '', wanted = ''] = process.argv.slice(2)
  let assignedUs = Number.NaN
  let seconds = Number.NaN
  let committed = 0
  const offsets = new Map<unknown, number>()
  await benchScorer({
    brokers: brokers.split(','),
    topic,
    prefix,
    tell: (event, fields) => {
      if (event === 'partitions-assigned' && fields['partitions'] !== '') assignedUs = wallUs()
      if (event === 'partition-live') offsets.set(fields['partition'], Number(fields['position']))
      if (event === 'committing' && Number.isNaN(seconds)) seconds = (wallUs() - assignedUs) / 1e6
      if (event !== 'committed') return
      committed += Number(fields['offset']) - (offsets.get(fields['partition']) ?? 0)
      offsets.set(fields['partition'], Number(fields['offset']))
      if (committed < Number(wanted)) return
      // It dies here: nothing is closed, nobody is told.
      process.stdout.write(`${JSON.stringify({ seconds })}\n`, () => process.exit(0))
    },
  })
}
