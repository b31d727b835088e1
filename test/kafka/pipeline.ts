// Pipeline: the main job on a broker that is given, with clients that are not ours: kcat produces and reads, fastavro
// decodes an alert. A proof that tests call, wherever their Kafka comes from.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { topicShapes } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { openBus } from '../../libs/bus/open.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { OUTCOMES } from '../../libs/core/verdict.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { log } from '../../libs/run/log.ts'
import { metrics } from '../../libs/run/metrics.ts'
import { Vitals } from '../../libs/run/vitals.ts'
import { scorer } from '../../services/scorer/scorer.ts'
import { promote } from '../../services/trainer/promote.ts'
import { sampleRows } from '../detector/sample-model.ts'
import { root } from '../root.ts'
import { names, payments, paymentsModel, stream } from '../task/judging.ts'

/** Where the records go; topics and groups of an earlier run must not be there. */
export interface Brokers {
  readonly brokers: readonly string[]
}

const run = promisify(execFile)
const partitions = 4
const recordsInAll = 12_000
const threshold = 40

async function hasCommand(name: string): Promise<boolean> {
  return run('which', [name]).then(
    () => true,
    () => false,
  )
}

/** What a process says when it is given `input` and ends well. */
async function piped(command: string, args: readonly string[], input: string | Uint8Array): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stdin.end(input)
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, `${command} ended with ${code}`)
  return out
}

async function prepare(bus: Bus): Promise<string> {
  await bus.ensureTopics([{ topic: 'payments', partitions, cleanup: 'delete', retentionMs: null }])
  await bus.ensureTopics(topicShapes(names, partitions))
  const model = paymentsModel(1)
  const bytes = artefact(model, sampleRows(model, 16, 0, 1))
  const version = sha256(bytes)
  await promote({
    bus,
    topics: names,
    prefix: 'plumbline',
    stream: stream.spec.stream,
    revision: stream.revision,
    version,
    artefact: bytes,
    expected: null,
    threshold,
    by: 'test',
    nowMs: 0,
  })
  return version
}

function lines(records: ReturnType<typeof payments>): string {
  const text = new TextDecoder()
  return records
    .map(({ key, value }) => `${text.decode(key ?? undefined)}|${text.decode(value ?? undefined)}\n`)
    .join('')
}

export async function pipeline(t: TestContext, broker: Brokers): Promise<void> {
  if (!(await hasCommand('kcat'))) {
    assert.notEqual(process.env['PLUMBLINE_REQUIRE_KAFKA'], '1', 'kcat is required')
    return t.skip('kcat is not installed')
  }
  const bus = await openBus({ kind: 'kafka', options: { brokers: broker.brokers, clientId: 'pipeline-test' } })
  const version = await prepare(bus)
  const kcat = ['-b', broker.brokers.join(','), '-t', 'payments', '-P', '-K', '|', '-X', 'partitioner=murmur2_random']
  await piped('kcat', kcat, lines(payments(recordsInAll, 3)))
  await produceAborted(broker)

  const running = await scorer({
    bus,
    stream,
    topics: names,
    group: 'plumbline.payments',
    metrics: metrics({ version: 'test', clock: () => 0, scope: 'own' }),
    vitals: new Vitals(() => 0),
    log: log({ level: 'error', clock: () => 0, write: (line) => process.stderr.write(line) }),
    commitMsMin: 20,
    idleCommitMs: 200,
    bufferedBytesMax: 64 * 1024 * 1024,
    onMismatch: 'stop',
    resolve: async () => 'absent',
  })
  const judged = (): number => running.counts().reduce((sum, count) => sum + count, 0)
  const deadlineMs = performance.now() + 60_000
  while (judged() < recordsInAll && performance.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
  await running.stop()
  const counts = running.counts()
  assert.equal(counts.length, OUTCOMES)
  assert.equal(judged(), recordsInAll, 'every visible record once, those of the aborted transaction not')
  await bus.close()

  const read = [
    '-b',
    broker.brokers.join(','),
    '-t',
    names.alerts,
    '-C',
    '-e',
    '-q',
    '-X',
    'isolation.level=read_committed',
  ]
  const { stdout } = await run('kcat', [...read, '-f', '%h\n'], { maxBuffer: 64 * 1024 * 1024 })
  const ids = stdout
    .trim()
    .split('\n')
    .map((headers) => /ce_id=([0-9a-f]{32})/.exec(headers)?.[1])
  assert.equal(ids.length, counts[1], 'as many alerts as anomalous verdicts')
  assert.ok(ids.length >= 50, `${ids.length} alerts`)
  assert.equal(new Set(ids).size, ids.length, 'no id twice')
  await decodeWithPython(t, broker, version)
}

/** A transaction of kafkajs' own producer that is aborted. */
async function produceAborted(broker: Brokers): Promise<void> {
  const { Kafka, Partitioners } = await import('kafkajs')
  const producer = new Kafka({ brokers: [...broker.brokers], logLevel: 0 }).producer({
    transactionalId: 'pipeline-test-aborted',
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  const messages = payments(200, 9).map(({ key, value }) => ({
    key: Buffer.from(key ?? ''),
    value: Buffer.from(value ?? ''),
  }))
  await transaction.send({ topic: 'payments', messages })
  await transaction.abort()
  await producer.disconnect()
}

/** One alert through another implementation of Avro, with the schema file that is the public contract. */
async function decodeWithPython(t: TestContext, broker: Brokers, version: string): Promise<void> {
  const has = await run('python3', ['-c', 'import fastavro']).then(
    () => true,
    () => false,
  )
  if (!has) return t.diagnostic('skipped: fastavro is not installed (pip install fastavro)')
  const read = ['-b', broker.brokers.join(','), '-t', names.alerts, '-C', '-c', '1', '-e', '-q']
  const { stdout } = await run('kcat', [...read, '-X', 'isolation.level=read_committed'], { encoding: 'buffer' })
  const program = `
import sys, json, fastavro
schema = fastavro.parse_schema(json.load(open(sys.argv[1])))
alert = fastavro.schemaless_reader(sys.stdin.buffer, schema)
print(json.dumps({k: alert[k] for k in ('stream', 'score', 'threshold', 'detector')}))
`
  // kcat ends what it prints with a line feed of its own.
  const out = await piped('python3', ['-c', program, `${root}/libs/alert/alert.avsc`], stdout.subarray(0, -1))
  const alert = JSON.parse(out)
  assert.equal(alert.stream, 'payments')
  assert.equal(alert.detector, version)
  assert.ok(alert.score > alert.threshold)
}
