// Endpoints: the listeners of a process of services: /metrics, /live and /ready on one port, the API on another.

import type { Bus } from '../../libs/bus/bus.ts'
import { draining, type Health, healthAtStart, live, ready, withPart } from '../../libs/run/health.ts'
import { listen, watchListener } from '../../libs/run/http.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { consoleListener } from '../console/console.ts'
import type { Context } from './context.ts'
import type { Service } from './serve.ts'

export interface Endpoints extends Service {
  /** From now on ready. */
  ready(): void
}

export async function startEndpoints(
  context: Context,
  bus: Bus,
  metrics: Metrics,
  streams: readonly Stream[],
): Promise<Endpoints> {
  const { settings, clock, log } = context
  let health: Health = withPart(healthAtStart, 'services', { kind: 'starting', waitsFor: 'start' })
  context.signal.addEventListener('abort', () => {
    health = draining(health)
  })
  const watching = await listen(
    settings.host,
    settings.metricsPort,
    watchListener({
      metrics: () => metrics.text(),
      metricsContentType: metrics.contentType,
      live: () => live(health, clock.nowMs()),
      ready: () => ready(health),
    }),
  )
  const api = await listen(
    settings.host,
    settings.consolePort,
    consoleListener({
      host: settings.host,
      token: settings.consoleToken,
      publish: (messages) => bus.publish(messages),
      sourceOf: (topic) => streams.find(({ spec }) => spec.source.topic === topic)?.spec.source ?? null,
      nowMs: clock.nowMs,
      failed: (failure) => log.error('ingest-failed', { code: failure.code, message: failure.message }),
    }),
  )
  log.info('listening', {
    api: `http://${settings.host}:${api.port}/v1`,
    metrics: `http://${settings.host}:${watching.port}/metrics`,
  })
  return {
    name: 'endpoints',
    ready: () => {
      health = withPart(health, 'services', { kind: 'running', waiting: 0, progressedMs: clock.nowMs() })
    },
    stop: async () => {
      await api.close()
      await watching.close()
    },
    ended: new Promise(() => {}),
  }
}
