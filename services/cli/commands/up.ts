// up: all services of a deployment in one process, on the embedded log or on Kafka. `scorer` and `trainer` are the same with one of
// the two, for containers.

import type { Bus } from '../../../libs/bus/bus.ts'
import { metrics as makeMetrics } from '../../../libs/run/metrics.ts'
import type { Stream } from '../../../libs/stream/stream.ts'
import { openWriter } from '../bus-settings.ts'
import type { Context } from '../context.ts'
import { startEndpoints } from '../endpoints.ts'
import { prepareTopics, type Service, served, startScorers, startTrainer, untilStopped } from '../serve.ts'

export type Part = 'scorer' | 'trainer'

/** Runs until stopped; `beside` may start more on the same bus (the demo's feeds). */
export async function up(
  context: Context,
  streams: readonly Stream[],
  parts: readonly Part[],
  beside: (bus: Bus) => Promise<readonly Service[]> = async () => [],
): Promise<void> {
  const bus = await openWriter(context.settings)
  try {
    const all = served(context, streams)
    await prepareTopics(context, bus, all)
    const metrics = makeMetrics({ version: context.version, clock: context.clock.nowMs, scope: 'process' })
    const endpoints = await startEndpoints(context, bus, metrics, streams)
    const services: Service[] = [...(await beside(bus))]
    if (parts.includes('trainer')) services.push(await startTrainer(context, bus, metrics, all))
    if (parts.includes('scorer')) services.push(...(await startScorers(context, bus, metrics, all)))
    endpoints.ready()
    await untilStopped(context, [...services, endpoints])
  } finally {
    await bus.close()
  }
}
