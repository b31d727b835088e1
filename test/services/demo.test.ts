import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { type Exited, Plumbline, plumbline } from './process.ts'

/** Time for an alert on a machine that is busy with other tests; on a quiet one it takes about 15 s. */
const alertMsMax = 120_000

/** A process that does not outlive its test. */
function started(t: TestContext, args: readonly string[], dir: string): Plumbline {
  const process = new Plumbline(args, dir)
  t.after(async () => {
    process.signal('SIGKILL')
    await process.exited
  })
  return process
}

test('the first detector of an empty folder follows from the seed', { timeout: 3 * alertMsMax }, async (t) => {
  const versions: (string | undefined)[] = []
  for (const seed of ['1', '1', '2']) {
    const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-seed-'))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
    const args = ['demo', '--seed', seed, '--data', dir, '--metrics-port', '0', '--console-port', '0']
    const demo = started(t, args, dir)
    const promoted = /"detector-promoted","stream":"card-transactions","version":"([0-9a-f]{64})"/
    await demo.until(({ stderr }) => promoted.test(stderr))
    versions.push(promoted.exec(demo.stderr)?.[1])
    demo.signal('SIGINT')
    assert.equal((await demo.exited).code, 0, demo.stderr.slice(-2_000))
  }
  const [one, again, other] = versions
  assert.equal(one, again)
  assert.notEqual(one, other)
})

describe('demo', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-demo-'))
  const flags = ['--data', dir, '--metrics-port', '0', '--console-port', '0']
  after(() => rmSync(dir, { recursive: true, force: true }))
  let idsBefore: readonly string[] = []

  async function alertIds(): Promise<string[]> {
    const { code, stdout, stderr } = await plumbline(['alerts', '--json', '--data', dir], dir)
    assert.equal(code, 0, stderr)
    const alerts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const { features, score, threshold } of alerts) {
      assert.ok(features.length > 0 && score > threshold)
    }
    return alerts.map(({ id }) => String(id))
  }

  async function stopped(demo: Plumbline): Promise<Exited> {
    demo.signal('SIGINT')
    const exited = await demo.exited
    assert.equal(exited.code, 0, exited.stderr.slice(-2_000))
    assert.doesNotMatch(exited.stderr, /not-drained/)
    return exited
  }

  test('an empty folder to an explained alert on the terminal; Ctrl-C drains', {
    timeout: 2 * alertMsMax,
  }, async (t) => {
    const demo = started(t, ['demo', ...flags], dir)
    await demo.until(({ stdout }) => /× .*expected .*% of the score/.test(stdout))
    await stopped(demo)
    idsBefore = await alertIds()
    assert.ok(idsBefore.length > 0)
    assert.equal(new Set(idsBefore).size, idsBefore.length, 'no id twice')
  })

  test('a second start goes on where the first stopped and repeats no alert', {
    timeout: 2 * alertMsMax,
  }, async (t) => {
    const demo = started(t, ['demo', ...flags, '--json'], dir)
    await demo.until(({ stderr }) => (stderr.match(/"partition-live"/g) ?? []).length === 8)
    const live = [...demo.stderr.matchAll(/"partition-live","stream":"card-transactions".*"position":(\d+)/g)]
    const positions = live.map(([, position]) => Number(position))
    assert.ok(positions.length === 4 && positions.every((position) => position > 0), positions.join())
    assert.match(demo.stderr, /"event":"detector-serving"/)
    await demo.until(({ stdout }) => stdout.includes('"id"'))
    await stopped(demo)
    const ids = await alertIds()
    assert.ok(ids.length > idsBefore.length)
    assert.equal(new Set(ids).size, ids.length, 'no id twice')
    assert.deepEqual(ids.slice(0, idsBefore.length), idsBefore, 'what was published stays')
  })

  test('alerts: a reader that goes away ends it quietly, a follower ends by a signal', async (t) => {
    const piped = started(t, ['alerts', '--json', '--data', dir], dir)
    piped.closeStdout()
    assert.deepEqual(await piped.exited, { code: 0, stdout: '', stderr: '' })
    const following = started(t, ['alerts', '--follow', '--json', '--data', dir], dir)
    await following.until(({ stdout }) => stdout.split('\n').length > idsBefore.length)
    following.signal('SIGTERM')
    assert.equal((await following.exited).code, 0)
    const [id = ''] = idsBefore
    const shown = await plumbline(['alerts', 'show', id.slice(0, 10), '--data', dir], dir)
    assert.match(shown.stdout, new RegExp(`id +${id}`))
    assert.equal(shown.code, 0)
  })
})
