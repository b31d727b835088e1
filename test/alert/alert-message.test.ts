import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { alertOf } from '../../libs/alert/alert.ts'
import { alertFacts, alertIn, alertMessage } from '../../libs/alert/alert-message.ts'
import { alertSchema } from '../../libs/alert/alert-schema.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Header } from '../../libs/core/message.ts'
import { anyAnomaly, avroCards, payment } from './anomalies.ts'

const text = (bytes: Uint8Array | null | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array(0))
const header = (name: string, value: string): Header => [name, new TextEncoder().encode(value)]

describe('alert message', () => {
  test('carries CloudEvents headers, the entity as key and the timestamp of the record', () => {
    const message = alertMessage(payment())
    assert.deepEqual(
      message.headers.map(([name, value]) => [name, text(value)]),
      [
        ['ce_specversion', '1.0'],
        ['ce_id', alertOf(payment()).id],
        ['ce_type', 'plumbline.alert'],
        ['ce_source', '/plumbline/cards'],
        ['ce_time', '2023-11-14T22:13:20.123Z'],
        ['content-type', 'application/json'],
        ['plumbline-severity', 'major'],
      ],
    )
    assert.equal(message.topic, 'plumbline.alerts')
    assert.equal(text(message.key), 'customer-7')
    assert.equal(message.timestampMs, 1_700_000_000_456)
    assert.equal(message.partition, null)
  })

  test('comes back as it went out, and equal anomalies give equal bytes', () => {
    fc.assert(
      fc.property(anyAnomaly, (anomaly) => {
        const message = alertMessage(anomaly)
        assert.deepEqual(alertMessage({ ...anomaly, row: anomaly.row.slice() }), message)
        // JSON has no −0; the two are one number to everybody.
        const plain = JSON.parse(JSON.stringify(alertOf(anomaly)))
        assert.deepEqual(JSON.parse(JSON.stringify(alertIn(message.value, message.headers))), plain)
      }),
    )
  })

  test('facts for metrics are read from headers, and from alerts alone', () => {
    assert.deepEqual(alertFacts(alertMessage(payment())), { severity: 'major', eventTimeMs: 1_700_000_000_123 })
    assert.equal(alertFacts({ ...alertMessage(payment()), headers: [] }), null)
    const far = alertMessage(payment({ eventTimeMs: -1e18 }))
    assert.deepEqual(alertFacts(far), { severity: 'major', eventTimeMs: -(2 ** 52) })
  })

  test('what is no alert is a failure that says so', () => {
    const { value, headers } = alertMessage(payment({ stream: avroCards }))
    const refused = (bytes: Uint8Array | null, given: readonly Header[]): void => {
      assert.throws(
        () => alertIn(bytes, given),
        (thrown) => thrown instanceof Failure && thrown.code === 'data-invalid',
      )
    }
    refused(null, headers)
    refused(value, [])
    refused(value, [header('content-type', 'text/plain')])
    refused(value?.subarray(0, 40) ?? null, headers)
    refused(new TextEncoder().encode('{'), [header('content-type', 'application/json')])
    refused(new TextEncoder().encode('{"id":"x"}'), [header('content-type', 'application/json')])
    refused(new TextEncoder().encode('null'), [header('content-type', 'application/json')])
  })

  test('is decoded by another implementation of Avro', (t) => {
    const python = pythonWithFastavro()
    if (python === null) return t.skip('no Python with fastavro: pip install fastavro, or name one in TEST_PYTHON')
    const { value } = alertMessage(payment({ stream: avroCards }))
    const program = [
      'import sys, json, io, fastavro',
      'given = json.load(sys.stdin)',
      'schema = fastavro.parse_schema(given["schema"])',
      'alert = fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(given["value"])), schema)',
      'alert["eventTime"] = round(alert["eventTime"].timestamp() * 1000)',
      'json.dump(alert, sys.stdout)',
    ].join('\n')
    const input = JSON.stringify({ schema: alertSchema, value: Buffer.from(value ?? []).toString('hex') })
    const run = spawnSync(python, ['-c', program], { input, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    assert.deepEqual(JSON.parse(run.stdout), alertOf(payment()))
  })
})

/** A Python that can import fastavro: the one named in the environment, one of a virtual environment, or the system's. */
function pythonWithFastavro(): string | null {
  const { XDG_CACHE_HOME, TEST_PYTHON } = process.env
  const own = path.join(XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'plumbline', 'python', 'bin', 'python')
  for (const python of [TEST_PYTHON, existsSync(own) ? own : undefined, 'python3']) {
    if (python !== undefined && spawnSync(python, ['-c', 'import fastavro']).status === 0) return python
  }
  return null
}
