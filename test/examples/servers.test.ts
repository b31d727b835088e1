// The replayed servers: complete, in order, resumable, labelled beside the record.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { encodeServer, serverRecords } from '../../examples/servers/replay.ts'
import { Failure } from '../../libs/core/failure.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import { stream } from '../../libs/stream/stream-compile.ts'
import { root } from '../root.ts'

const folder = path.join(root, 'examples/servers')

test('two servers, 12,960 minutes each, of which the last 4,320 have labels', () => {
  const all = [...serverRecords(folder)]
  assert.equal(all.length, 2 * (8_640 + 4_320))
  assert.ok(all.slice(0, 2 * 8_640).every(({ anomalous }) => !anomalous))
  const marked = all.filter(({ anomalous }) => anomalous).length
  assert.ok(marked > 100 && marked < 900, `${marked}`)
  let before = ''
  for (const { record } of all) {
    assert.ok(String(record['time']) >= before)
    before = String(record['time'])
    assert.equal(Object.keys(record).length, 21)
    for (let i = 0; i < 19; i++) assert.ok(Number.isFinite(record[`m${String(i).padStart(2, '0')}`]))
  }
  assert.deepEqual([...serverRecords(folder, 20_000)].slice(0, 5), all.slice(20_000, 20_005))
})

test('records are JSON keyed by their server', () => {
  const [first] = serverRecords(folder)
  assert.ok(first)
  const { key, value } = encodeServer(first)
  assert.equal(new TextDecoder().decode(key), 'omi-1')
  assert.deepEqual(JSON.parse(new TextDecoder().decode(value)), first.record)
  assert.equal(first.record['time'], '2020-01-06T00:00:00.000Z')
})

test('the spec is one of 19 metrics, windowed', () => {
  const spec = parse(readFileSync(path.join(folder, 'stream.yaml'), 'utf8'), 'stream.yaml', () => '')
  assert.ok(spec.window.rows > 1)
  assert.equal(stream(spec).width, 19 * spec.window.rows)
})

test('a folder without the data is told', () => {
  assert.throws(
    () => serverRecords(path.join(folder, 'nowhere')).next(),
    (thrown) => thrown instanceof Failure && thrown.code === 'file-unreadable',
  )
})
