// up: all services of a deployment in one process, on the embedded log or on Kafka. `scorer` and `trainer` are the same with one of
// the two, for containers.

import type { Bus } from '../../../libs/bus/bus.ts'
import { metrics as makeMetrics } from '../../../libs/run/metrics.ts'
import { Vitals } from '../../../libs/run/vitals.ts'
import type { Stream } from '../../../libs/stream/stream.ts'
import type { OnMismatch } from '../../../libs/task/restore.ts'
import { openWriter } from '../bus-settings.ts'
import type { Context } from '../context.ts'
import { startEndpoints } from '../endpoints.ts'
import { prepareTopics, type Service, served, startScorers, startTrainer, untilStopped } from '../serve.ts'

export type Part = 'scorer' | 'trainer'

export interface UpOptions {
  readonly parts: readonly Part[]
  readonly onMismatch: OnMismatch
}

/** Runs until stopped; `beside` may start more on the same bus (the demo's feeds). */
export async function up(
  context: Context,
  streams: readonly Stream[],
  { parts, onMismatch }: UpOptions,
  beside: (bus: Bus) => Promise<readonly Service[]> = async () => [],
): Promise<void> {
  const { clock, version } = context
  const vitals = new Vitals(clock.nowMs)
  const signals = context.stopSignals()
  signals.drain.addEventListener('abort', () => vitals.drain())
  const bus = await openWriter(context, onMismatch)
  const services: Service[] = []
  try {
    const all = served(context, streams)
    await prepareTopics(context, bus, all)
    const metrics = makeMetrics({ version, clock: clock.nowMs, scope: 'process' })
    vitals.starting('services', 'their start')
    const endpoints = await startEndpoints(context, bus, metrics, vitals, streams)
    services.push(...(await beside(bus)))
    if (parts.includes('trainer')) services.push(await startTrainer(context, bus, metrics, vitals, all))
    if (parts.includes('scorer')) services.push(...(await startScorers(context, bus, metrics, vitals, all, onMismatch)))
    services.push(endpoints)
    vitals.gone('services')
  } catch (thrown) {
    // What has started ends with the process; the log alone must be closed for the next one.
    await bus.close()
    throw thrown
  }
  await untilStopped(context, bus, services)
}
