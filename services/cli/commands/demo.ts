// demo: `up` on the examples, with their data replayed into them and their alerts shown as they come.

import path from 'node:path'
import { encodeCard, keyOf } from '../../../examples/card-transactions/payment.ts'
import { cardTransactions } from '../../../examples/card-transactions/simulator.ts'
import { encodeServer, serverRecords } from '../../../examples/servers/replay.ts'
import type { Bus } from '../../../libs/bus/bus.ts'
import { type Clock, sleep } from '../../../libs/core/clock.ts'
import { readPublications } from '../../trainer/promote.ts'
import type { Context } from '../context.ts'
import { deployment } from '../deployment.ts'
import { type Example, feed } from '../feed.ts'
import { briefDrainMsMax, type Served, type Service, served } from '../serve.ts'
import { alertLine, followAlerts } from './alerts.ts'
import { type UpOptions, up } from './up.ts'

/** The normal days of the two servers: what is replayed at once. */
const serverHistoryRecords = 17_280
const cardHistoryRecords = 20_000
/** A training that takes longer, or fails, does not keep the example from going on. */
const detectorMsMax = 60_000
const detectorPollMs = 100

function exampleFeeds(context: Context): Example[] {
  const { home, settings } = context
  return [
    {
      topic: 'transactions',
      historyRecords: cardHistoryRecords,
      recordsPerSecond: 200,
      records: (from) =>
        mapped(cardTransactions({ seed: settings.seed, from }), ({ record }) => ({
          key: keyOf(record),
          value: encodeCard(record),
        })),
    },
    {
      topic: 'server-metrics',
      historyRecords: serverHistoryRecords,
      recordsPerSecond: 50,
      records: (from) => mapped(serverRecords(path.join(home, 'examples/servers'), from), encodeServer),
    },
  ]
}

function* mapped<A, B>(items: Iterable<A>, map: (item: A) => B): Generator<B> {
  for (const item of items) yield map(item)
}

/** Without parts the data alone are replayed: who judges and trains runs elsewhere. */
export async function demo(context: Context, options: UpOptions): Promise<void> {
  const streams = deployment(context.files, [path.join(context.home, 'examples')])
  if (!context.json) {
    const { host, metricsPort, data } = context.settings
    context.say(`Plumbline on its examples: card payments (simulated) and two servers (a real series). Log: ${data}.`)
    context.say(`Metrics: http://${host}:${metricsPort}/metrics   Stop: Ctrl-C. Meanwhile, in another terminal:`)
    context.say('  node dist/services/cli/main.js alerts --json      all alerts so far, as JSON lines')
    context.say('  node dist/services/cli/main.js models list servers')
    context.say('Learning what is normal …')
  }
  const trained = options.parts.includes('trainer') ? served(context, streams) : []
  await up(context, streams, options, (bus) => startFeeds(context, bus, trained))
}

/** Resolves when a detector of the stream is published, when it has been waited for long enough, or `signal` aborts. */
async function detectorOf({ stream, topics }: Served, bus: Bus, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.elapsedMs() + detectorMsMax
  while (!signal.aborted && clock.elapsedMs() < untilMs) {
    const pointer = (await readPublications(bus, topics.detectors)).pointer(stream.spec.stream)
    if (pointer?.revision === stream.revision) return
    await sleep(clock, detectorPollMs)
  }
}

/** The feeds of `trained` streams wait for their first detectors. */
async function startFeeds(context: Context, bus: Bus, trained: readonly Served[]): Promise<Service[]> {
  const services: Service[] = []
  const stop = new AbortController()
  for (const example of exampleFeeds(context)) {
    const started = await feed(bus, example, context.clock)
    const learning = trained.find(({ stream }) => stream.spec.source.topic === example.topic)
    const begin = learning === undefined ? Promise.resolve() : detectorOf(learning, bus, context.clock, stop.signal)
    const running = started.run(begin, stop.signal)
    services.push({
      name: `feed of ${example.topic}`,
      drainMsMax: briefDrainMsMax,
      stop: async () => {
        stop.abort()
        await running
      },
      // An exhausted example is no reason to stop; one that fails is.
      ended: running.then(() => new Promise<void>(() => {})),
    })
  }
  const alerts = followAlerts(bus, `${context.settings.prefix}.alerts`, 'now', stop.signal, (alert) =>
    context.say(alertLine(alert, context.json)),
  )
  services.push({
    name: 'alerts on the terminal',
    drainMsMax: briefDrainMsMax,
    stop: async () => {
      stop.abort()
      await alerts
    },
    ended: alerts.then(() => new Promise<void>(() => {})),
  })
  return services
}
