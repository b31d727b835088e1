import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogLevel, log } from '../../libs/run/log.ts'
import { Secret } from '../../libs/run/secret.ts'

function lines(level: LogLevel) {
  const written: string[] = []
  return { written, log: log({ level, clock: () => 0, write: (line) => written.push(line) }) }
}

test('a line is one JSON object with time, level, event and fields', () => {
  const { written, log } = lines('info')
  log.info('partition-live', { stream: 'cards', partition: 3, reason: 'two\nlines' })
  assert.deepEqual(written, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"partition-live","stream":"cards","partition":3,"reason":"two\\nlines"}\n',
  ])
})

test('levels below the least are not written', () => {
  const { written, log } = lines('warn')
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('x')
  assert.deepEqual(
    written.map((line) => JSON.parse(line).level),
    ['warn', 'error'],
  )
})

test('a long text is cut', () => {
  const { written, log } = lines('info')
  log.info('x', { message: 'y'.repeat(1_000_000) })
  assert.ok((written[0] ?? '').length < 2100)
})

test('a secret that was logged by mistake is a mask', () => {
  const { written, log } = lines('info')
  const password = new Secret('S3CR3T')
  log.info('x', { message: `could not log in with ${password}` })
  // @ts-expect-error a secret is no field: the compiler already refuses it
  log.info('x', { password })
  assert.doesNotMatch(written.join(''), /S3CR3T/)
  assert.match(written[1] ?? '', /"password":"\[secret\]"/)
})
