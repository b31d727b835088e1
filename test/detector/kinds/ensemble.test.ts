import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { artefact } from '../../../libs/detector/artefact.ts'
import { fit } from '../../../libs/detector/fit.ts'
import { scaled } from '../../../libs/detector/fit-scaler.ts'
import { alone } from '../../../libs/detector/kinds/alone.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { detectorSettings } from '../../../libs/stream/spec.ts'
import { satisfiesKind } from '../../contract/detector-kind.ts'
import { satisfiesWindows } from '../../contract/windowed-kind.ts'
import { planted, requestOf } from '../planted.ts'

for (const setting of detectorSettings) satisfiesKind('ensemble', setting)
satisfiesWindows('ensemble')

test('settings are different detectors, balanced is the one that is not asked for, and each says in its manifest which it is', async () => {
  const rows = planted(300, 4, 1)
  const made = (more: object): ReturnType<typeof fit> => fit(requestOf(rows, 4, { kind: 'ensemble', ...more }))
  const [fast, balanced, best] = await Promise.all(detectorSettings.map((setting) => made({ setting })))
  assert.ok(fast !== undefined && balanced !== undefined && best !== undefined)
  const members = [fast, balanced, best].map((model) => model.members.length)
  assert.ok(members[0]! < members[1]! && members[1]! < members[2]!, `${members}`)
  assert.deepEqual(artefact(await made({}), rows), artefact(balanced, rows))
  assert.deepEqual(
    [fast, balanced, best].map(({ manifest }) => (manifest as { setting: string }).setting),
    [...detectorSettings],
  )
})

test('settings of windows remember more', async () => {
  const rows = planted(3000, 8, 1)
  const made = detectorSettings.map((setting) => fit(requestOf(rows, 8, { kind: 'ensemble', setting, steps: 4 })))
  const stored = (await Promise.all(made)).map(({ members }) => {
    const [net] = members.filter((member) => member.kind === 'neighbours')
    return net?.count ?? 0
  })
  assert.ok(stored[0]! <= 512 && stored[1]! > 512 && stored[2]! > stored[1]!, `${stored}`)
})

test('other kinds have no settings', async () => {
  const asked = fit(requestOf(planted(200, 3, 1), 3, { kind: 'sparse', setting: 'fast' }))
  await assert.rejects(asked, (thrown) => thrown instanceof Failure && thrown.code === 'usage')
})

test('what remembers rows is as surprised by fresh rows as by its own without themselves, however wide they are', async () => {
  for (const width of [4, 24]) {
    const model = await fit(requestOf(planted(1500, width, 1), width, { kind: 'ensemble' }))
    const at = model.members.findIndex(({ kind }) => kind === 'neighbours')
    const member = model.members[at]
    assert.ok(member !== undefined && model.combination.kind === 'surprise')
    const { surprise } = model.combination.parts[at]!
    const fresh = scaled(planted(1500, width, 2), 1500, model.scaler)
    const last = surprise.at.at(-1) ?? 0
    const beyond = scoresOf(alone(member, width), fresh).filter((score) => score > last).length / 1500
    assert.ok(beyond > 0.02 && beyond < 0.12, `${width} columns: ${beyond} lie beyond what 5 % should`)
  }
})
