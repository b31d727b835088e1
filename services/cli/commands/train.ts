// train: asks the trainer of a stream to train now, by a message on the control topic.

import { topics } from '../../../libs/alert/topics.ts'
import { openWriter } from '../bus-settings.ts'
import type { Context } from '../context.ts'

export async function requestTraining(context: Context, stream: string): Promise<void> {
  const bus = await openWriter(context)
  try {
    const text = new TextEncoder()
    const request = JSON.stringify({ kind: 'train', stream })
    await bus.publish([
      {
        topic: topics(context.settings.prefix, stream).control,
        partition: null,
        key: text.encode(stream),
        value: text.encode(request),
        headers: [],
        timestampMs: context.clock.nowMs(),
      },
    ])
    context.say(
      context.json
        ? request
        : `asked the trainer of ${stream} to train now; see its log, or \`plumbline models list ${stream}\``,
    )
  } finally {
    await bus.close()
  }
}
