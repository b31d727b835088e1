// dlq: rejected records: a line each, or one in full. Keys and values are raw data of the topic and are
// shown only when asked for.

import { isoTime } from '../../../libs/alert/position.ts'
import { type Reject, rejectOf } from '../../../libs/alert/rejects.ts'
import type { Bus } from '../../../libs/bus/bus.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { openReader } from '../bus-settings.ts'
import type { Context } from '../context.ts'

export async function listRejects(context: Context): Promise<void> {
  const bus = await openReader(context)
  try {
    for await (const reject of readRejects(bus, `${context.settings.prefix}.rejects`)) {
      context.say(
        context.json
          ? JSON.stringify(shown(reject, 'masked'))
          : `${isoTime(reject.timestampMs)}  ${reject.stream}  ${reject.topic}/${reject.partition}/${reject.offset}  ${reject.reason}  [${reject.id.slice(0, 8)}]`,
      )
    }
  } finally {
    await bus.close()
  }
}

export async function showReject(context: Context, id: string, content: 'raw' | 'masked'): Promise<void> {
  const bus = await openReader(context)
  try {
    for await (const reject of readRejects(bus, `${context.settings.prefix}.rejects`)) {
      if (!reject.id.startsWith(id)) continue
      context.say(JSON.stringify(shown(reject, content), null, context.json ? 0 : 2))
      return
    }
    throw new Failure('usage', `no rejected record whose id begins with ${id}; \`plumbline dlq list\` lists them`)
  } finally {
    await bus.close()
  }
}

async function* readRejects(bus: Bus, topic: string): AsyncIterable<Reject> {
  const partitions = await bus.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const range = await bus.range(topic, partition)
    for await (const records of bus.read(topic, partition, range.first, range.next)) {
      for (let i = 0; i < records.count; i++) {
        const reject = rejectOf(records, i)
        if (reject !== null) yield reject
      }
    }
  }
}

function shown(reject: Reject, content: 'raw' | 'masked'): Record<string, unknown> {
  const { key, value, headers, ...rest } = reject
  if (content === 'masked') {
    return { ...rest, keyBytes: key?.length ?? null, valueBytes: value?.length ?? null, headers: headers.length }
  }
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString('base64')
  return {
    ...rest,
    keyBase64: text(key),
    valueBase64: text(value),
    headers: headers.map(([name, each]) => [name, text(each)]),
  }
}
