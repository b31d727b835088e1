// audit: recomputes from the input what must have been concluded, and holds it against the ledgers and the alerts on the log.

import { topics } from '../../../libs/alert/topics.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { metrics } from '../../../libs/run/metrics.ts'
import { auditStream } from '../../../libs/task/evidence.ts'
import { openReader } from '../bus-settings.ts'
import type { Context } from '../context.ts'
import { deployment } from '../deployment.ts'
import { schemaRegistry } from '../schema-registry.ts'

export async function auditCommand(context: Context, name: string, paths: readonly string[]): Promise<void> {
  const { settings, version, clock } = context
  const streams = deployment(context.files, paths.length > 0 ? paths : settings.specs)
  const stream = streams.find(({ spec }) => spec.stream === name)
  if (stream === undefined) {
    const known = streams.map(({ spec }) => spec.stream).join(', ')
    throw new Failure('usage', `no spec describes a stream called ${name}; there are ${known}`)
  }
  const bus = await openReader(context)
  try {
    const unheard = metrics({ version, clock: clock.nowMs, scope: 'own' })
    const registered = stream.spec.source.schema.kind === 'registry'
    const resolve = registered ? schemaRegistry(context, stream, unheard) : async () => 'absent' as const
    const { faults, ...facts } = await auditStream(bus, stream, topics(settings.prefix, name), resolve)
    if (context.json) context.say(JSON.stringify({ stream: name, ...facts, faults }))
    else for (const fault of faults) context.say(fault)
    if (faults.length > 0) {
      throw new Failure('state-mismatch', `${name}: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
    }
    if (!context.json) context.say(`${name}: agrees (${facts.judged} records judged, ${facts.alerts} alerts)`)
  } finally {
    await bus.close()
  }
}
