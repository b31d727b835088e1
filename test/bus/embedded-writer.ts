// A process that owns a log, publishes and runs a task until it is killed. What was acknowledged it says on stdout: lines
// `p <offset>` for a message published, `c <offset>` for a commit.

import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { buildEcho } from '../contract/bus-task.ts'

const [dir = ''] = process.argv.slice(2)
const bus = await embedded({ dir, mode: 'own' })
await bus.ensureTopics([
  { topic: 'input', partitions: 1, cleanup: 'delete', retentionMs: null },
  { topic: 'output', partitions: 1, cleanup: 'delete', retentionMs: null },
  { topic: 'state', partitions: 1, cleanup: 'compact', retentionMs: null },
])
await bus.run({
  topic: 'input',
  group: 'group',
  delivery: 'exactly-once',
  commitMsMin: 0,
  idleCommitMs: 10,
  bufferedBytesMax: 1_000_000,
  build: (assignment, reader) => buildEcho({ output: 'output', state: 'state' }, assignment, reader, []),
  resolve: async () => 'absent',
  on: (event) => {
    if (event.kind === 'committed') process.stdout.write(`c ${event.offset}\n`)
    if (event.kind === 'failed') process.stdout.write(`f ${event.failure.message}\n`)
  },
})
for (let i = 0; ; i++) {
  const message = { topic: 'input', partition: 0, key: null, headers: [], timestampMs: i }
  const published = await bus.publish([
    { ...message, value: Buffer.from(`a${i}`) },
    { ...message, value: Buffer.from(`b${i}`) },
  ])
  process.stdout.write(`p ${published[1]?.offset}\n`)
}
