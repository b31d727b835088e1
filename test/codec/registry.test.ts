// The client against a server of its own that answers as told.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { answerBytesMax, type Registry, type RegistryOptions, registry } from '../../libs/codec/registry.ts'
import { Failure, type FailureCode } from '../../libs/core/failure.ts'

interface Answer {
  readonly status: number
  readonly body: string
}
type Server = { readonly url: string; readonly asked: string[] } & AsyncDisposable

async function serving(answer: (request: string, body: string) => Answer | 'hang'): Promise<Server> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    const answered = answer(`${request.method} ${request.url}`, body)
    if (answered === 'hang') return
    response.writeHead(answered.status, { location: '/elsewhere' }).end(answered.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/base/`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString()
}

const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) })

function client(url: string, options: Partial<RegistryOptions> = {}): Registry & { readonly waitsMs: number[] } {
  const waitsMs: number[] = []
  const made = registry({
    url,
    fetch,
    headers: { authorization: 'Basic abc' },
    cacheMax: 2,
    absentMsMax: 1000,
    timeoutMs: 5000,
    nowMs: () => 0,
    sleep: (ms) => {
      waitsMs.push(ms)
      return Promise.resolve()
    },
    ...options,
  })
  return { schema: (id) => made.schema(id), register: (subject, schema) => made.register(subject, schema), waitsMs }
}

function failing(code: FailureCode, message: RegExp) {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof Failure)
    assert.equal(thrown.code, code)
    assert.match(thrown.message, message)
    return true
  }
}

test('a schema is fetched once, also when asked for twice at a time, until it is the longest unused', async () => {
  await using server = await serving((request) => json(200, { schema: `"${request.at(-1)}"` }))
  const it = client(server.url)
  assert.deepEqual(await Promise.all([it.schema(1), it.schema(1), it.schema(2)]), ['"1"', '"1"', '"2"'])
  assert.deepEqual(
    [await it.schema(1), await it.schema(3), await it.schema(1), await it.schema(2)],
    ['"1"', '"3"', '"1"', '"2"'],
  )
  const ids = server.asked.map((line) => line.replace(/^GET \/base\/schemas\/ids\/(\d) Basic abc$/, '$1'))
  assert.deepEqual(ids.slice(0, 2).sort(), ['1', '2'])
  assert.deepEqual(ids.slice(2), ['3', '2'])
})

test('absence is what the registry confirms, and is believed for a while only', async () => {
  await using server = await serving(() => json(404, { error_code: 40403, message: 'Schema not found' }))
  let nowMs = 0
  const it = client(server.url, { nowMs: () => nowMs })
  assert.deepEqual([await it.schema(1), await it.schema(1)], ['absent', 'absent'])
  assert.equal(server.asked.length, 1)
  nowMs = 1000
  assert.equal(await it.schema(1), 'absent')
  assert.equal(server.asked.length, 2)
})

test('a page that is not found, a refusal and another kind of schema are no absence', async () => {
  const answers = [
    { status: 404, body: '<html>no such path</html>' },
    json(404, { message: 'no error code' }),
    json(401, { error_code: 401, message: 'Unauthorized' }),
    json(200, { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' }),
    json(200, { nothing: true }),
    json(200, []),
    { status: 302, body: '' },
  ]
  await using server = await serving(() => answers[0] ?? json(500, {}))
  const messages = [/404/, /404.*no error code/, /401.*Unauthorized/, /PROTOBUF/, /200/, /200/]
  for (const message of messages) {
    await assert.rejects(client(server.url).schema(5), failing('registry-refused', message))
    answers.shift()
  }
  await assert.rejects(client(server.url).schema(5), failing('registry-unreachable', /cannot be asked/))
})

test('it tries again, ever later, while the registry is down, and then says so', async () => {
  let left = 2
  await using server = await serving(() => (left-- > 0 ? json(503, {}) : json(200, { schema: '"int"' })))
  const patient = client(server.url)
  assert.equal(await patient.schema(1), '"int"')
  assert.deepEqual(patient.waitsMs, [100, 200])
  left = 100
  await assert.rejects(patient.schema(2), failing('registry-unreachable', /503/))
  assert.deepEqual(patient.waitsMs, [100, 200, 100, 200, 400])
  left = 0
  assert.equal(await patient.schema(2), '"int"')
  await assert.rejects(client('http://127.0.0.1:1').schema(1), failing('registry-unreachable', /cannot be asked/))
})

test('an answer that does not come, or does not end, is not waited for', async () => {
  await using silent = await serving(() => 'hang')
  await assert.rejects(client(silent.url, { timeoutMs: 20 }).schema(1), failing('registry-unreachable', /timeout/))
  await using endless = await serving(() => ({ status: 200, body: 'x'.repeat(answerBytesMax + 1) }))
  await assert.rejects(client(endless.url).schema(1), failing('registry-refused', /longer/))
})

test('a schema is registered under its subject', async () => {
  await using server = await serving((request, body) => {
    if (request !== 'POST /base/subjects/a%2Fb-value/versions') return json(404, {})
    const { schema } = JSON.parse(body) as { schema: string }
    return schema === '"int"' ? json(200, { id: 7 }) : json(409, { error_code: 409, message: 'incompatible' })
  })
  assert.equal(await client(server.url).register('a/b-value', '"int"'), 7)
  await assert.rejects(
    client(server.url).register('a/b-value', '"long"'),
    failing('registry-refused', /409.*incompatible/),
  )
})
