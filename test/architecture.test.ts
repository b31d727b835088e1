// The rules of the house, held against every source; and the proof that they can fail.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { breaches, staleKernels } from './architecture.ts'
import { root } from './root.ts'
import { withoutComments, withoutTexts } from './source-text.ts'

/** Sources in another language: AssemblyScript, whose files only look like TypeScript. */
const foreign = 'libs/detector/kernel/assembly/'

function sources(): string[] {
  return ['libs', 'services', 'examples', 'deploy', 'test']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => /\.(?:ts|mjs)$/.test(file) && !file.startsWith(foreign) && !file.includes('node_modules/'))
}

const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8')

test('every source keeps the rules', () => {
  const files = sources()
  assert.ok(files.length > 50, `only ${files.length} sources found under ${root}`)
  assert.deepEqual(
    files.flatMap((file) => breaches(file, textOf(file))),
    [],
  )
})

test('the list of kernels is no longer than it must be', () => {
  const files = new Set(sources())
  assert.deepEqual(
    staleKernels((file) => (files.has(file) ? textOf(file) : null)),
    [],
  )
})

const prologue = '// Planted: a source that breaks one rule, to show that the rule can fail.\n'

test('each rule catches its planted breach', () => {
  const planted: readonly (readonly [file: string, code: string, breach: RegExp])[] = [
    ['libs/attic/a.ts', '', /no room/],
    ['libs/core/a.ts', "import { stream } from '../stream/stream-compile.ts'", /libs\/core\/ may import itself$/],
    ['libs/stream/a.ts', "import type { Detector } from '../detector/detector.ts'", /must not import libs\/detector/],
    ['libs/detector/a.ts', "import { avroType } from '../codec/avro.ts'", /must not import libs\/codec/],
    ['libs/bus/a.ts', "import { stream } from '../stream/stream-compile.ts'", /must not import libs\/stream/],
    ['libs/run/a.ts', "const later = await import('../task/task.ts')", /must not import libs\/task/],
    ['libs/task/a.ts', "import { main } from '../../services/scorer/scorer.ts'", /must not import services/],
    ['services/scorer/a.ts', "import { trainer } from '../trainer/trainer.ts'", /must not import services\/trainer/],
    ['examples/a.ts', "import { stream } from '../libs/stream/stream-compile.ts'", /must not import libs\/stream/],
    ['libs/codec/json.ts', "import avsc from 'avsc'", /its door is libs\/codec\/avro/],
    ['libs/bus/simulated/a.ts', "import { Kafka } from 'kafkajs'", /its door is libs\/bus\/kafka/],
    ['libs/stream/a.ts', "import { parse } from 'yaml'", /its door is libs\/stream\/spec-parse.ts/],
    ['libs/detector/a.ts', "import * as tf from '@tensorflow/tfjs-core'", /its door is libs\/detector\/tensorflow/],
    ['libs/core/a.ts', "import _ from 'lodash/fp'", /lodash, which has no door/],
    ['libs/stream/a.ts', "import { readFileSync } from 'node:fs'", /must not import node:fs/],
    ['libs/run/a.ts', "import { setTimeout } from 'node:timers/promises'", /must not import node:timers/],
    ['libs/run/a.ts', 'const port = process.env.PORT', /`process.env`/],
    ['services/scorer/scorer.ts', 'const now = Date.now()', /`Date.now`/],
    ['libs/task/a.ts', 'const now = new Date()', /`new Date\(\)`/],
    ['libs/core/a.ts', 'const t = performance.now()', /performance.now/],
    ['libs/run/a.ts', 'setTimeout(() => {}, 5)', /setTimeout/],
    ['libs/core/a.ts', 'const x = Math.random()', /Math.random/],
    ['libs/alert/a.ts', "import { randomUUID } from 'node:crypto'", /randomUUID/],
    ['libs/alert/a.ts', 'console.log(1)', /console.log/],
    ['libs/detector/a.ts', 'const y = Math.log(2)', /elementary/],
    ['libs/alert/a.ts', 'const y = x as unknown as Alert', /as unknown as/],
    ['libs/alert/a.ts', 'function f(x: any) {}', /use unknown/],
    ['libs/alert/a.ts', 'const x: Map<string, any> = new Map()', /use unknown/],
    ['libs/alert/a.ts', 'export enum Color { red }', /as const/],
    ['libs/alert/a.ts', 'export default 1', /named export/],
    ['libs/alert/a.ts', "export * from './alert.ts'", /no barrels/],
    ['libs/alert/a.ts', "export { alert } from './alert.ts'", /no barrels/],
    ['libs/alert/alert-utils.ts', '', /drawer/],
    ['libs/alert/types.ts', '', /drawer/],
    ['libs/alert/a.ts', 'const x = list[0]!.name', /claims `\]!`/],
    ['libs/alert/a.ts', 'const x = table.get(key)!', /claims `\)!`/],
    ['libs/stream/slab.ts', 'const x = table.get(key)!', /claims `\)!`/],
  ]
  for (const [file, code, breach] of planted) {
    const found = breaches(file, `${prologue}${code}\n`)
    assert.equal(found.length, 1, `${file}: ${code}: ${found.join('; ')}`)
    assert.match(found[0] ?? '', breach)
    assert.ok(found[0]?.startsWith(file), 'a breach names its file')
  }
  assert.match(breaches('libs/alert/a.ts', 'const x = 1\n').join(), /no prologue/)
})

test('what only looks like a breach is none', () => {
  const innocent: readonly (readonly [file: string, code: string])[] = [
    ['libs/alert/a.ts', '// Date.now() and x! are words here, as is enum'],
    ['libs/alert/a.ts', "const text = 'Math.random() any! process.env'"],
    ['libs/alert/a.ts', 'const text = `process.env \x24{a !== b} Date.now()`'],
    ['libs/alert/a.ts', 'const ok = a!==b && !c && !(d) && /x! process.env/.test(e)'],
    ['libs/bus/a.ts', 'setTimeout(run, 5)'],
    ['services/scorer/main.ts', "import { readFileSync } from 'node:fs'\nconst now = Date.now() + process.pid"],
    ['libs/bus/kafka/kafka.ts', "import { Kafka } from 'kafkajs'"],
    ['libs/task/a.ts', 'const at = new Date(ms).toISOString()'],
    ['test/a.test.ts', "import { Kafka } from 'kafkajs'\nconst x = list[0]!"],
    ['services/cli/a.ts', "import { scorer } from '../scorer/scorer.ts'"],
    ['libs/alert/a.ts', 'export type { Alert }\nexport { alert }'],
  ]
  for (const [file, code] of innocent) assert.deepEqual(breaches(file, `${prologue}${code}\n`), [], code)
})

test('comments and texts are told from code', () => {
  const source = "a('/*') // b\nc(`x \x24{d('//')} y`) /* e */ / f / g(/[/'\"]/) + 'h'"
  assert.equal(withoutComments(source), "a('/*')     \nc(`x \x24{d('//')} y`)         / f / g(/[/'\"]/) + 'h'")
  assert.equal(
    withoutTexts(withoutComments(source)),
    "a('  ')     \nc(`  \x24{d('  ')}  `)         / f / g(/     /) + ' '",
  )
})
