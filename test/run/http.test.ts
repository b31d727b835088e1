import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import type { Answer } from '../../libs/run/health.ts'
import { listen, type Watched, watchListener } from '../../libs/run/http.ts'

const yes: Answer = { verdict: 'yes', reasons: [] }
const no: Answer = { verdict: 'no', reasons: ['cards/0 waits for its state'] }

async function asked(watched: Partial<Watched>, path: string, method = 'GET'): Promise<[number, string, string]> {
  const all: Watched = {
    metrics: async () => 'a 1\n',
    metricsContentType: 'text/plain; version=0.0.4; charset=utf-8',
    live: () => yes,
    ready: () => no,
    ...watched,
  }
  const listening = await listen('127.0.0.1', 0, watchListener(all))
  try {
    const response = await fetch(`http://127.0.0.1:${listening.port}${path}`, { method })
    return [response.status, await response.text(), response.headers.get('content-type') ?? '']
  } finally {
    await listening.close()
  }
}

test('metrics, live and ready are answered, nothing else is', async () => {
  assert.deepEqual(await asked({}, '/metrics?x=1'), [200, 'a 1\n', 'text/plain; version=0.0.4; charset=utf-8'])
  assert.deepEqual((await asked({}, '/live')).slice(0, 2), [200, 'yes\n'])
  assert.deepEqual((await asked({}, '/ready')).slice(0, 2), [503, 'no\ncards/0 waits for its state\n'])
  assert.equal((await asked({}, '/'))[0], 404)
  assert.equal((await asked({}, '/metrics', 'POST'))[0], 405)
  assert.deepEqual((await asked({}, '/metrics', 'HEAD')).slice(0, 2), [200, ''])
  const failing = (): Promise<string> => Promise.reject(new Error('S3CR3T'))
  assert.deepEqual((await asked({ metrics: failing }, '/metrics')).slice(0, 2), [500, 'metrics failed\n'])
})

test('a port that is taken is a failure that says what to do', async () => {
  const first = await listen('127.0.0.1', 0, () => {})
  try {
    await assert.rejects(
      listen('127.0.0.1', first.port, () => {}),
      (thrown) => thrown instanceof Failure && /choose another port/.test(thrown.message),
    )
  } finally {
    await first.close()
  }
})

test('closing waits for the answer under way', async () => {
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  let arrived = (): void => {}
  const here = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const listening = await listen('127.0.0.1', 0, (_request, response) => {
    arrived()
    asked.then(() => response.end('done'))
  })
  const response = fetch(`http://127.0.0.1:${listening.port}/`)
  await here
  const closing = listening.close()
  answer()
  assert.equal(await (await response).text(), 'done')
  await closing
})
