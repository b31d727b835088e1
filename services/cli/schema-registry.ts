// Schema registry: where the schemas of a stream's records are fetched from, and with which words of introduction.

import { type Registry, registry } from '../../libs/codec/registry.ts'
import { sleep } from '../../libs/core/clock.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Settings } from '../../libs/run/settings.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { Context } from './context.ts'

/** Plain values, which cross into a worker thread. */
export interface RegistryAccess {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Null where the stream's records name no schemas. */
export function registryAccess(settings: Settings, stream: Stream): RegistryAccess | null {
  const { schema } = stream.spec.source
  if (schema.kind !== 'registry') return null
  const { registryUsername: username, registryPassword } = settings
  const basic = Buffer.from(`${username}:${registryPassword?.reveal() ?? ''}`).toString('base64')
  return {
    url: schema.url === '' ? settings.registryUrl : schema.url,
    headers: username === '' ? {} : { authorization: `Basic ${basic}` },
  }
}

/** Schemas kept in memory; how long an absence is believed; how long an answer may take. */
export const registryLimits = { cacheMax: 1_000, absentMsMax: 60_000, timeoutMs: 5_000 } as const

export function schemaRegistry(
  context: Context,
  stream: Stream,
  metrics: Metrics,
): (id: number) => Promise<string | 'absent'> {
  const access = registryAccess(context.settings, stream)
  if (access === null) {
    return () => Promise.reject(new Failure('usage', `${stream.spec.stream} names no schema registry`))
  }
  const client: Registry = registry({
    ...access,
    ...registryLimits,
    fetch,
    nowMs: context.clock.nowMs,
    sleep: (ms) => sleep(context.clock, ms),
  })
  return async (id) => {
    try {
      const schema = await client.schema(id)
      metrics.registryAsked(schema === 'absent' ? 'absent' : 'found')
      return schema
    } catch (thrown) {
      metrics.registryAsked('failed')
      throw thrown
    }
  }
}
