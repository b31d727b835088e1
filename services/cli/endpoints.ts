// Endpoints: the listeners of a process of services: /metrics, /live and /ready on one port, the API on another.

import type { Bus } from '../../libs/bus/bus.ts'
import { listen, watchListener } from '../../libs/run/http.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Vitals } from '../../libs/run/vitals.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { consoleListener } from '../console/console.ts'
import type { Context } from './context.ts'
import { addressFile, carryOut } from './orders.ts'
import { briefDrainMsMax, type Service } from './serve.ts'

export async function startEndpoints(
  context: Context,
  bus: Bus,
  metrics: Metrics,
  vitals: Vitals,
  streams: readonly Stream[],
): Promise<Service> {
  const { settings, clock, log } = context
  const watching = await listen(
    settings.host,
    settings.metricsPort,
    watchListener({
      metrics: () => metrics.text(),
      metricsContentType: metrics.contentType,
      live: () => vitals.live(),
      ready: () => vitals.ready(),
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
      hasStream: (name) => streams.some(({ spec }) => spec.stream === name),
      order: (order) => carryOut(bus, settings.prefix, clock.nowMs(), order),
      nowMs: clock.nowMs,
      failed: (failure) => log.error('request-failed', { code: failure.code, message: failure.message }),
    }),
  )
  // An address of version 6 stands in brackets before a port.
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  const address = `http://${host}:${api.port}`
  // For commands that find the embedded log owned by this process.
  if (settings.brokers.length === 0) context.files.write(addressFile(settings), `${address}\n`)
  log.info('listening', {
    api: `${address}/v1`,
    metrics: `http://${host}:${watching.port}/metrics`,
  })
  return {
    name: 'endpoints',
    drainMsMax: briefDrainMsMax,
    stop: async () => {
      await api.close()
      await watching.close()
    },
    ended: new Promise(() => {}),
  }
}
