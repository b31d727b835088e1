import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { alertSchema } from '../../libs/alert/alert-schema.ts'

test('alert.avsc is the schema of the code', () => {
  const written = readFileSync(path.join(projectRoot(), 'libs/alert/alert.avsc'), 'utf8')
  assert.deepEqual(
    JSON.parse(written),
    JSON.parse(JSON.stringify(alertSchema)),
    'write the schema into alert.avsc again',
  )
})

test('every field of the public contract is there', () => {
  const names = alertSchema.fields.map((field) => field.name)
  assert.deepEqual(names, [
    'id',
    'stream',
    'topic',
    'partition',
    'offset',
    'key',
    'eventTime',
    'score',
    'threshold',
    'pValue',
    'severity',
    'onset',
    'features',
    'detector',
    'revision',
    'incident',
    'provisional',
  ])
})

function projectRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}
