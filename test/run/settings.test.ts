import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Failure } from '../../libs/core/failure.ts'
import { settingTable } from '../../libs/run/setting-table.ts'
import { flagOf, isLoopback, type SettingSources, settings } from '../../libs/run/settings.ts'

function given(env: Record<string, string>, flags: Record<string, unknown> = {}, files: Record<string, string> = {}) {
  const readFile = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw new Error('no such file')
    return text
  }
  return settings({ env, flags, readFile } satisfies SettingSources)
}

function faults(env: Record<string, string>, flags: Record<string, unknown> = {}): string[] {
  try {
    given(env, flags)
  } catch (thrown) {
    assert.ok(thrown instanceof Failure)
    assert.equal(thrown.exitCode, 2)
    return thrown.message.split('\n')
  }
  return []
}

describe('settings', () => {
  test('defaults need nothing and contradict nothing', () => {
    const { brokers, data, host, metricsPort, consolePort, idleCommitMs, commitMsMin, consoleToken } = given({})
    assert.deepEqual(
      { brokers, data, host, metricsPort, consolePort, idleCommitMs, commitMsMin, consoleToken },
      {
        brokers: [],
        data: './.plumbline',
        host: '127.0.0.1',
        metricsPort: 9464,
        consolePort: 9465,
        idleCommitMs: 1000,
        commitMsMin: 50,
        consoleToken: null,
      },
    )
  })

  test('a flag beats the environment, which beats the default', () => {
    const env = { PLUMBLINE_SEED: '7', PLUMBLINE_KAFKA_BROKERS: 'a:1, b:2', UNRELATED: 'x' }
    assert.equal(given(env).seed, 7)
    assert.deepEqual(given(env).brokers, ['a:1', 'b:2'])
    assert.equal(given(env, { seed: '8' }).seed, 8)
    assert.deepEqual(given(env, { brokers: ['c:3'], other: 1 }).brokers, ['c:3'])
    assert.equal(given({ PLUMBLINE_SEED: '' }).seed, 1)
    assert.equal(given({}, { kafkaSsl: true }).kafkaSsl, 'on')
  })

  test('all faults are said at once, each with its place, what was found and what was expected', () => {
    const found = faults({
      PLUMBLINE_METRICS_PORT: '70000',
      PLUMBLINE_IDLE_COMMIT_MS: '1s',
      PLUMBLINE_LOG_LEVEL: 'wran',
      PLUMBLINE_WINDOW: 'x',
      PLUMBLINE_KAFKA_BROKER: 'x',
    })
    assert.deepEqual(found, [
      'PLUMBLINE_KAFKA_BROKER is no setting; did you mean PLUMBLINE_KAFKA_BROKERS?',
      'PLUMBLINE_WINDOW is no setting',
      'PLUMBLINE_METRICS_PORT is "70000"; give a whole number from 0 to 65535',
      'PLUMBLINE_IDLE_COMMIT_MS is "1s"; give a whole number from 10 to 3600000 ms',
      'PLUMBLINE_LOG_LEVEL is "wran"; give one of debug, info, warn, error; did you mean warn?',
    ])
    assert.deepEqual(faults({}, { bufferedBytesMax: '1' }), [
      '--buffered-bytes-max is "1"; give a whole number from 1048576 to 17179869184 bytes',
    ])
  })

  test('secrets come from the environment or a file, and never from a flag', () => {
    const base = { PLUMBLINE_KAFKA_SASL_MECHANISM: 'scram-sha-512', PLUMBLINE_KAFKA_USERNAME: 'u' }
    assert.equal(given({ ...base, PLUMBLINE_KAFKA_PASSWORD: 'p' }).kafkaPassword?.reveal(), 'p')
    const file = { ...base, PLUMBLINE_KAFKA_PASSWORD_FILE: '/run/secret' }
    assert.equal(given(file, {}, { '/run/secret': 'from file\n' }).kafkaPassword?.reveal(), 'from file')
    assert.match(
      faults(file).join(),
      /PLUMBLINE_KAFKA_PASSWORD_FILE names \/run\/secret, which cannot be read: no such file/,
    )
    assert.match(faults({ ...file, PLUMBLINE_KAFKA_PASSWORD: 'p' }).join(), /both set/)
    assert.equal(given({}, { consoleToken: 'x' }).consoleToken, null)
  })

  test('what contradicts is refused', () => {
    const refused: [Record<string, string>, RegExp][] = [
      [{ PLUMBLINE_KAFKA_SASL_MECHANISM: 'scram-sha-256' }, /USERNAME and PLUMBLINE_KAFKA_PASSWORD/],
      [{ PLUMBLINE_KAFKA_PASSWORD: 'x' }, /mechanism/],
      [{ PLUMBLINE_HOST: '0.0.0.0' }, /PLUMBLINE_CONSOLE_TOKEN/],
      [{ PLUMBLINE_CONSOLE_PORT: '9464' }, /two ports/],
      [{ PLUMBLINE_PREFIX: 'a b' }, /topics allow/],
      [
        { PLUMBLINE_KAFKA_SASL_MECHANISM: 'plain', PLUMBLINE_KAFKA_USERNAME: 'u', PLUMBLINE_KAFKA_PASSWORD: 'p' },
        /clear text/,
      ],
    ]
    for (const [env, expected] of refused) assert.match(faults(env).join(), expected)
    assert.deepEqual(faults({ PLUMBLINE_HOST: '0.0.0.0', PLUMBLINE_CONSOLE_TOKEN: 't' }), [])
  })

  test('a secret shows in no text that is made of the settings', () => {
    const made = given({ PLUMBLINE_CONSOLE_TOKEN: 'S3CR3T-1', PLUMBLINE_REGISTRY_PASSWORD: 'S3CR3T-2' })
    const texts = [JSON.stringify(made), inspect(made, { depth: 9, showHidden: true }), `${made.consoleToken}`]
    for (const text of texts) {
      assert.doesNotMatch(text, /S3CR3T/)
      assert.match(text, /\[secret\]/)
    }
    const fault = faults({ PLUMBLINE_KAFKA_PASSWORD: 'S3CR3T-3', PLUMBLINE_SEED: 'x' }).join()
    assert.doesNotMatch(fault, /S3CR3T/)
  })

  test('the table follows its own rules', () => {
    for (const row of settingTable) {
      assert.match(row.variable, /^PLUMBLINE_[A-Z]+(_[A-Z]+)*$/)
      assert.match(row.help, /^[A-Z].*\.$/)
      if (row.kind === 'integer' && (row.unit === 'ms' || row.unit === 'bytes')) {
        assert.match(row.name, /(Ms|Bytes)(Min|Max)?$/, `${row.name} needs its unit in its name`)
      }
    }
    assert.equal(new Set(settingTable.map((row) => row.variable)).size, settingTable.length)
    assert.equal(flagOf('bufferedBytesMax'), '--buffered-bytes-max')
  })

  test('loopback is this machine and nothing else', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) assert.ok(isLoopback(host), host)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'example.org', '']) {
      assert.ok(!isLoopback(host), host)
    }
  })
})
