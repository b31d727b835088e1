// train: asks the trainer of a stream to train now.

import type { Context } from '../context.ts'
import { getDone } from '../orders.ts'

export async function requestTraining(context: Context, stream: string): Promise<void> {
  const done = await getDone(context, { kind: 'train', stream })
  context.say(
    context.json
      ? JSON.stringify(done)
      : `asked the trainer of ${stream} to train now; see its log, or \`plumbline models list ${stream}\``,
  )
}
