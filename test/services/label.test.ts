import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { alertMessage } from '../../libs/alert/alert-message.ts'
import { Labels } from '../../libs/alert/labels.ts'
import { topicShapes, topics } from '../../libs/alert/topics.ts'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { cards, payment } from '../alert/anomalies.ts'
import { type Exited, Plumbline, plumbline } from './process.ts'

const spec = `stream: ${cards.spec.stream}
source: { topic: ${cards.spec.source.topic}, format: json, key: { field: card }, time: { field: at, unit: ms } }
features: [{ name: amount, field: amount }]
`
const { stream } = cards.spec
const names = topics('plumbline', stream)

describe('labels from the command line', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-label-'))
  const log = path.join(dir, 'log')
  const run = (...args: string[]): Promise<Exited> => plumbline([...args, '--data', dir], dir)
  let id = ''

  before(async () => {
    const bus = await embedded({ dir: log, mode: 'own' })
    const source = { topic: cards.spec.source.topic, partitions: 1, cleanup: 'delete', retentionMs: null } as const
    await bus.ensureTopics([source, ...topicShapes(names, 1)])
    const alerts = [11, 12].map((offset) => alertMessage(payment({ offset })))
    await bus.publish(alerts)
    await bus.close()
    const { stdout } = await run('alerts', '--json')
    id = (JSON.parse(stdout.split('\n')[0] ?? '{}') as { id: string }).id
    writeFileSync(path.join(dir, 'labels.csv'), 'partition,offset,verdict\n0,3,anomaly\n0,4,not-anomaly\n')
    writeFileSync(path.join(dir, 'spec.yaml'), spec)
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  async function said(): Promise<Labels> {
    const bus = await embedded({ dir: log, mode: 'read' })
    const labels = new Labels(stream)
    const { first, next } = await bus.range(names.feedback, 0)
    for await (const records of bus.read(names.feedback, 0, first, next)) labels.take(0, records)
    await bus.close()
    return labels
  }

  test('of an alert, by the beginning of its id', async () => {
    const { code, stdout } = await run('label', id.slice(0, 8), '--as', 'not-anomaly', '--note', 'salary day')
    assert.deepEqual([code, stdout], [0, `${stream}: 1 record is not-anomaly; the next training hears it\n`])
    const { partition } = payment()
    const found = (await said()).at(cards.spec.source.topic, partition, 11)
    assert.deepEqual([found?.verdict, found?.note, found?.by], ['not-anomaly', 'salary day', 'cli'])
    assert.ok(found?.eventTimeMs !== null)
  })

  test('of a file, also where another process owns the log', async (t) => {
    const owner = new Plumbline(
      ['scorer', 'spec.yaml', '--data', dir, '--partitions', '1', '--metrics-port', '0', '--console-port', '0'],
      dir,
    )
    t.after(() => owner.signal('SIGKILL'))
    await owner.until(({ stderr }) => stderr.includes('partition-live'))
    const file = ['label', 'labels.csv', '--stream', stream, '--topic', cards.spec.source.topic, '--json']
    const { code, stdout, stderr } = await run(...file)
    assert.deepEqual([code, stdout], [0, `{"kind":"label","stream":"${stream}","labels":2}\n`], stderr)
    owner.signal('SIGTERM')
    assert.equal((await owner.exited).code, 0)
    const labels = await said()
    const { topic } = cards.spec.source
    assert.deepEqual([labels.at(topic, 0, 3)?.verdict, labels.at(topic, 0, 4)?.verdict], ['anomaly', 'not-anomaly'])
    assert.deepEqual(labels.faults, { count: 0, first: [] })
  })

  test('what is meant is asked for', async () => {
    const refused = async (args: readonly string[], expected: RegExp): Promise<void> => {
      const { code, stderr } = await run('label', ...args)
      assert.match(stderr, expected)
      assert.equal(code, 2)
    }
    await refused([id], /what is [0-9a-f]+\? say --as anomaly, or/)
    await refused([id, '--as', 'anomally'], /--as is "anomally".*did you mean anomaly\?/)
    await refused(['zz', '--as', 'anomaly'], /no alert whose id begins with zz, and no such file/)
    await refused(['labels.csv', '--stream', stream], /line 2: a position needs its topic/)
  })
})
