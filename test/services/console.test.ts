import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { type Listening, listen } from '../../libs/run/http.ts'
import { Secret } from '../../libs/run/secret.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import { BODIES_MAX, BODY_BYTES_MAX, type ConsoleOptions, consoleListener } from '../../services/console/console.ts'

const source: Spec['source'] = {
  topic: 'transactions',
  format: 'json',
  schema: { kind: 'none' },
  key: { field: 'customer', format: 'utf8' },
  id: null,
  time: { field: 'at', unit: 'ms' },
  latenessMs: 0,
  recordBytesMax: 1000,
}
const ndjson = { 'content-type': 'application/x-ndjson' }
const line = '{"customer":"c1","at":1}\n'

/** A console over a log that is a list. */
class Bench {
  readonly published: Message[] = []
  readonly failures: Failure[] = []
  /** What publishing waits for, once told, or fails with. */
  hold: () => Promise<void> = async () => {}
  fault: unknown = null
  listening: Listening | null = null

  async open(token: Secret | null = null): Promise<void> {
    const options: ConsoleOptions = {
      host: '127.0.0.1',
      token,
      sourceOf: (topic) => (topic === source.topic ? source : null),
      hasStream: () => false,
      order: async () => ({}),
      nowMs: () => 12345,
      failed: (failure) => this.failures.push(failure),
      publish: async (messages) => {
        await this.hold()
        if (this.fault !== null) throw this.fault
        const first = this.published.length
        this.published.push(...messages)
        return messages.map((_, i) => ({ topic: source.topic, partition: 0, offset: first + i }))
      },
    }
    this.listening = await listen('127.0.0.1', 0, consoleListener(options))
  }

  url(path = '/v1/topics/transactions/records'): string {
    return `http://127.0.0.1:${this.listening?.port}${path}`
  }

  /** Over a bare socket, for what `fetch` does not let one send. */
  raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.listening?.port ?? 0, '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })
  }
}

async function codeOf(response: Response): Promise<[number, string]> {
  const body = (await response.json()) as { error: { code: string; message: string } }
  assert.ok(body.error.message.length > 10)
  return [response.status, body.error.code]
}

describe('console', () => {
  const bench = new Bench()
  before(() => bench.open())
  after(() => bench.listening?.close())

  test('takes records in and answers where they went', async () => {
    const body = line + line.replace('c1', 'c2')
    const response = await fetch(bench.url(), { method: 'POST', headers: ndjson, body })
    assert.equal(response.status, 200)
    assert.deepEqual(await response.json(), {
      offsets: [
        { partition: 0, offset: 0 },
        { partition: 0, offset: 1 },
      ],
    })
    const text = new TextDecoder()
    assert.deepEqual(
      bench.published.map(({ key, value, timestampMs }) => [
        text.decode(key ?? new Uint8Array(0)),
        text.decode(value ?? new Uint8Array(0)),
        timestampMs,
      ]),
      [
        ['c1', line.trim(), 12345],
        ['c2', line.trim().replace('c1', 'c2'), 12345],
      ],
    )
    assert.equal(response.headers.get('access-control-allow-origin'), null)
  })

  test('a key that the sender states goes for all records', async () => {
    const before = bench.published.length
    await fetch(bench.url(), { method: 'POST', headers: { ...ndjson, 'x-plumbline-key': 'stated' }, body: line })
    await fetch(`${bench.url()}?key=in%20query`, { method: 'POST', headers: ndjson, body: line })
    const keys = bench.published.slice(before).map(({ key }) => new TextDecoder().decode(key ?? new Uint8Array(0)))
    assert.deepEqual(keys, ['stated', 'in query'])
  })

  test('what it refuses it names, and takes nothing of it', async () => {
    const before = bench.published.length
    const post = (body: string, headers: Record<string, string> = ndjson, url = bench.url()) =>
      fetch(url, { method: 'POST', headers, body }).then(codeOf)
    assert.deepEqual(await post(line, {}), [415, 'content-type-refused'])
    assert.deepEqual(await post(line, { ...ndjson, 'content-encoding': 'gzip' }), [415, 'content-type-refused'])
    assert.deepEqual(await post(`${line}{"customer":`), [400, 'record-invalid'])
    assert.deepEqual(await post(`${line}{"at":1}`), [400, 'record-invalid'])
    assert.deepEqual(await post('\n\n'), [400, 'nothing-sent'])
    assert.deepEqual(await post(`{"customer":"${'x'.repeat(1000)}"}`), [413, 'record-too-large'])
    assert.deepEqual(await post(line, ndjson, bench.url('/v1/topics/other/records')), [404, 'topic-unknown'])
    assert.deepEqual(await post(line, ndjson, bench.url('/v1/topics/%ff/records')), [404, 'topic-unknown'])
    assert.deepEqual(await post(line, ndjson, bench.url('/v2')), [404, 'not-found'])
    assert.deepEqual(await codeOf(await fetch(bench.url())), [405, 'method-refused'])
    assert.deepEqual(await post(line, { ...ndjson, origin: 'http://evil.example' }), [403, 'origin-refused'])
    assert.deepEqual(await post(line, { ...ndjson, origin: 'null' }), [403, 'origin-refused'])
    assert.equal(bench.published.length, before)
  })

  test('a page of its own origin may talk to it', async () => {
    const origin = bench.url('')
    const response = await fetch(bench.url(), { method: 'POST', headers: { ...ndjson, origin }, body: line })
    assert.equal(response.status, 200)
  })

  test('a name that was pointed at loopback is refused (DNS rebinding)', async () => {
    const answer = await bench.raw(
      `POST /v1/topics/transactions/records HTTP/1.1\r\nHost: evil.example:${bench.listening?.port}\r\nContent-Length: 500\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.match(answer, /host-refused/)
    assert.match(answer, /connection: close/i)
  })

  test('a body beyond the limit is cut off, whether it says so or not', async () => {
    const head = `POST /v1/topics/transactions/records HTTP/1.1\r\nHost: localhost\r\n`
    const stated = await bench.raw(`${head}Content-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`)
    assert.match(stated, /^HTTP\/1\.1 413 /)
    const chunk = 'x'.repeat(1_048_576)
    const chunks = `100000\r\n${chunk}\r\n`.repeat(BODY_BYTES_MAX / chunk.length + 1)
    const unstated = await bench.raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`)
    assert.match(unstated, /^HTTP\/1\.1 413 /)
  })

  test('a world that fails is answered with its code, and told', async () => {
    bench.fault = new Failure('broker-unreachable', 'no broker answers on a:1; is it up?')
    const before = bench.failures.length
    const response = await fetch(bench.url(), { method: 'POST', headers: ndjson, body: line })
    bench.fault = null
    assert.deepEqual(await codeOf(response), [503, 'broker-unreachable'])
    assert.equal(bench.failures.length, before + 1)
  })

  test('more bodies at once than it holds are asked to come again', async () => {
    let release = (): void => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let held = 0
    const full = new Promise<void>((resolve) => {
      bench.hold = () => {
        held += 1
        if (held === BODIES_MAX) resolve()
        return released
      }
    })
    const send = () => fetch(bench.url(), { method: 'POST', headers: ndjson, body: line })
    const sent = Array.from({ length: BODIES_MAX }, send)
    await full
    const busy = await send()
    assert.equal(busy.headers.get('retry-after'), '1')
    assert.deepEqual(await codeOf(busy), [503, 'busy'])
    release()
    assert.deepEqual(
      (await Promise.all(sent)).map((each) => each.status),
      sent.map(() => 200),
    )
    bench.hold = async () => {}
    assert.equal((await send()).status, 200, 'there is room again')
  })
})

test('with a token, nothing is answered without it', async () => {
  const bench = new Bench()
  await bench.open(new Secret('S3CR3T-token'))
  try {
    const send = (authorization?: string) => {
      const headers = { ...ndjson, ...(authorization === undefined ? {} : { authorization }) }
      return fetch(bench.url(), { method: 'POST', headers, body: line })
    }
    for (const wrong of [undefined, 'Bearer', 'Bearer S3CR3T', 'Basic S3CR3T-token', 'Bearer S3CR3T-token2']) {
      const response = await send(wrong)
      const text = await response.text()
      assert.equal(response.status, 401, wrong)
      assert.equal(response.headers.get('www-authenticate'), 'Bearer')
      assert.doesNotMatch(text, /S3CR3T/)
    }
    assert.equal((await send('Bearer S3CR3T-token')).status, 200)
    assert.equal(bench.published.length, 1)
  } finally {
    await bench.listening?.close()
  }
})

test('a console beyond loopback does not start without a token', () => {
  const options = { host: '0.0.0.0', token: null, sourceOf: () => null, nowMs: () => 0, failed: () => {} }
  const deeds = { publish: async () => [], hasStream: () => false, order: async () => ({}) }
  assert.throws(() => consoleListener({ ...options, ...deeds }), /needs a token/)
})
