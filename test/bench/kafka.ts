// Bench of consuming a backlog from a real Kafka, exactly-once: by a task that does nothing, and by the scorer with a dense
// detector, state checkpoints, and an alert in a thousand records.
// Baseline, same run, same topic, codec and fetch settings: a stock kafkajs eachBatch consumer that does nothing, commits
// nothing, and checks no checksum. Each in a process of its own, one process a consumer; the best of three of each, in turn.
// Not measured: the broker's own work, which shares the machine.

import { fill } from './backlog.ts'
import { apart, atLeast, type Figure, figure, least, type Size } from './figure.ts'
import type { Mode, Stretch } from './kafka-consumer.ts'

const RECORDS: Record<Size, number> = { full: 2_000_000, quick: 80_000 }
const ROUNDS: Record<Size, number> = { full: 3, quick: 1 }
const RATIO_MIN = 2

interface Best {
  readonly perSecond: number
  readonly cpuUs: number
}

export async function backlog(brokers: readonly string[], size: Size): Promise<readonly Figure[]> {
  const records = RECORDS[size]
  const topic = `bench-${process.pid}`
  await fill(brokers, topic, records)
  const stretches: Record<Mode, Stretch[]> = { stock: [], nothing: [], scorer: [] }
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const mode of ['stock', 'nothing', 'scorer'] as const) {
      const args = [mode, brokers.join(','), topic, String(records)]
      stretches[mode].push(await apart<Stretch>('kafka-consumer.js', args))
    }
  }
  return figures(best(stretches.stock), best(stretches.nothing), best(stretches.scorer))
}

function best(stretches: readonly Stretch[]): Best {
  return {
    perSecond: 1e6 / least(stretches.map(({ wallUs, records }) => wallUs / records)),
    cpuUs: least(stretches.map(({ cpuUs, records }) => cpuUs / records)),
  }
}

function figures(stock: Best, nothing: Best, scorer: Best): Figure[] {
  const floorName = 'stock kafkajs eachBatch doing nothing'
  const notMeasured = 'the broker, on the same cores'
  const rate = { unit: 'records/s', floor: stock.perSecond, floorName, notMeasured }
  const cpu = { unit: 'CPU µs/record', floor: stock.cpuUs, floorName, notMeasured }
  const judging = 'scorer on Kafka, exactly-once, dense detector, backlog'
  const idle = 'our consumer on Kafka, exactly-once, doing nothing'
  return [
    figure({ name: judging, value: scorer.perSecond, ...rate, budgets: [atLeast('ratio', RATIO_MIN)] }),
    figure({ name: judging, value: scorer.cpuUs, ...cpu }),
    figure({ name: idle, value: nothing.perSecond, ...rate }),
    figure({ name: idle, value: nothing.cpuUs, ...cpu }),
  ]
}
