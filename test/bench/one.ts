// One bench in a process of its own, so that none runs code that another has warmed up or spoilt: prints its figures as JSON,
// or why there are none. What needs a real Kafka starts a broker of its own and ends it.
// argv: name, size

import { findBroker } from '../kafka/broker.ts'
import { decode } from './decode.ts'
import { ensemble } from './ensemble.ts'
import { featurize } from './featurize.ts'
import type { Figure, Size } from './figure.ts'
import { backlog } from './kafka.ts'
import { kernel } from './kernel.ts'
import { latency } from './latency.ts'
import { recovery } from './recovery.ts'
import { state } from './state.ts'
import { training } from './training.ts'
import { verdict } from './verdict.ts'

export interface Outcome {
  readonly figures: readonly Figure[]
  /** Why there are no figures, or null. */
  readonly absent: string | null
}

type Bench = (size: Size) => Promise<Outcome>
type WithBrokers = (brokers: readonly string[], size: Size) => Promise<readonly Figure[]>

const alone =
  (measure: (size: Size) => Promise<readonly Figure[]>): Bench =>
  async (size) => ({ figures: await measure(size), absent: null })

const onKafka =
  (measure: WithBrokers): Bench =>
  async (size) => {
    const broker = await findBroker()
    if (broker.kind === 'none') return { figures: [], absent: broker.reason }
    try {
      return { figures: await measure(broker.brokers, size), absent: null }
    } finally {
      await broker.stop()
    }
  }

/** In the order of the report. */
export const benches: Readonly<Record<string, Bench>> = {
  decode: alone(decode),
  featurize: alone(featurize),
  kernel: alone(kernel),
  verdict: alone(verdict),
  state: alone(state),
  training: alone(training),
  ensemble: alone(ensemble),
  kafka: onKafka(backlog),
  latency: onKafka(latency),
  recovery: onKafka(recovery),
}

if (process.argv[1] === import.meta.filename) {
  const [name = '', size = ''] = process.argv.slice(2)
  const outcome = await benches[name]?.(size === 'quick' ? 'quick' : 'full')
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0))
}
