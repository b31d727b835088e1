import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { groupOf, topicShapes, topics } from '../../libs/alert/topics.ts'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { Store } from '../../libs/bus/embedded/store.ts'
import { root } from '../root.ts'
import { type Exited, Plumbline, plumbline } from './process.ts'

const ports = ['--metrics-port', '0', '--console-port', '0']

/** One clear line, of the world or the user, and no trace of the code. */
function said({ code, stderr }: Exited, expected: number, ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns) assert.match(stderr, pattern)
  assert.equal(code, expected, stderr)
  const lines = stderr.split('\n').filter((line) => line.startsWith('plumbline: '))
  assert.equal(lines.length, 1, stderr)
  assert.doesNotMatch(stderr, /\n\s+at |a bug/)
}

describe('bad input', { concurrency: 2 }, () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-cli-'))
  const run = (...args: string[]): Promise<Exited> => plumbline(args, dir)
  const spec = readFileSync(path.join(root, 'examples/card-transactions/stream.yaml'), 'utf8')
  const write = (name: string, text: string): void => writeFileSync(path.join(dir, name), text)

  before(() => {
    cpSync(path.join(root, 'examples/card-transactions'), path.join(dir, 'cards'), { recursive: true })
    mkdirSync(path.join(dir, 'cards'), { recursive: true })
    write('cards/unknown-key.yaml', spec.replace('features:', 'featurs:'))
    write('cards/impossible.yaml', `${spec}\nkeysMax: -5\n`.replace(/\nkeysMax: \d.*\n/, '\n'))
    write('cards/no-field.yaml', spec.replace('field: amount', 'field: amont'))
    write('cards/no-schema.yaml', spec.replace('.avsc', '.avcs'))
    write('text.csv', 'amount,shop\n1,north\n2,south\n')
    write('short.csv', 'a,b\n1,2\n')
    write('ragged.csv', 'a,b\n1,2\n3\n')
    write('torn.csv.gz', 'not gzip')
    write('torn.safetensors', 'not a detector')
    write('a-file', '')
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  test('commands and flags: what was meant is suggested', async () => {
    said(await run('vaidate', 'x'), 2, /unknown command 'vaidate'/, /validate/)
    said(await run('alerts', '--folow'), 2, /unknown option '--folow'/, /--follow/)
    said(await run(), 2, /a command is needed/, /validate/)
    said(await run('fit', 'short.csv'), 2, /--out/)
    said(await run('up', 'cards/stream.yaml', '--metrics-port', 'many'), 2, /--metrics-port is "many".* 0 to 65535/)
  })

  test('help shows an example of each command first', async () => {
    for (const name of ['up', 'scorer', 'trainer', 'demo', 'train', 'validate', 'fit', 'score', 'alerts', 'audit']) {
      const { code, stdout } = await run(name, '--help')
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Example: plumbline ${name}`))
    }
  })

  test('specs: place, found, expected, at start as in validate', async () => {
    for (const command of ['validate', 'up', 'scorer', 'trainer']) {
      const faults = async (file: string): Promise<Exited> => {
        const exited = await run(command, file, '--data', 'none')
        return { ...exited, stderr: exited.stdout + exited.stderr }
      }
      said(await faults('cards/unknown-key.yaml'), 2, /unknown-key.yaml:\d+ featurs: .*did you mean `features`/)
      said(await faults('cards/no-field.yaml'), 2, /no-field.yaml:\d+ .*"amont".*did you mean `amount`/)
    }
    const { stdout, code } = await run('validate', 'cards/impossible.yaml')
    assert.match(stdout, /keysMax: found -5/)
    assert.equal(code, 2)
    said(await run('up', 'cards/no-schema.yaml'), 2, /source.schema: .*\.avcs.*no such file/)
    said(await run('up', 'nowhere.yaml'), 2, /nowhere.yaml: there is no such file/)
    said(await run('up'), 2, /no spec file/)
    const twice = await run('validate', 'cards/stream.yaml', 'cards/stream.yaml')
    assert.match(twice.stdout, /stream .* is described in .*stream.yaml already/)
    assert.equal(twice.code, 2)
  })

  test('tables and detectors', async () => {
    said(
      await run('fit', 'text.csv', '--out', 'o'),
      2,
      /text.csv: line 2, column shop: 'north' is not a number.*--drop shop/,
    )
    said(await run('fit', 'ragged.csv', '--out', 'o'), 2, /ragged.csv: line 3 has 1 cells, the header 2/)
    said(await run('fit', 'short.csv', '--out', 'o'), 2, /short.csv: 1 rows .*are needed/)
    said(await run('fit', 'short.csv', '--out', 'o', '--columns', 'a,c'), 2, /short.csv: no column c/)
    said(await run('fit', 'short.csv', '--out', 'o', '--kind', 'best'), 2, /no detector kind best.*denoising/)
    said(await run('fit', 'short.csv', '--out', 'o', '--loss', 'cubic'), 2, /no loss cubic.*huber/)
    said(await run('fit', 'short.csv', '--out', 'o', '--setting', 'worst'), 2, /no setting worst.*best/)
    const other = await run('fit', 'short.csv', '--out', 'o', '--setting', 'best', '--kind', 'sparse')
    said(other, 2, /kind sparse has no settings/)
    const image = await run('fit', 'short.csv', '--out', 'o', '--kind', 'convolutional', '--image', '28')
    said(image, 2, /--image 28: give height and width.*28x28/)
    said(await run('fit', 'short.csv', '--out', 'nowhere/o'), 2, /nowhere\/o: there is no folder nowhere/)
    said(await run('fit', 'torn.csv.gz', '--out', 'o'), 2, /torn.csv.gz: is not a whole gzip file/)
    said(await run('fit', 'nothing.csv', '--out', 'o'), 2, /nothing.csv: there is no such file/)
    said(
      await run('score', 'short.csv', '--detector', 'torn.safetensors'),
      1,
      /torn.safetensors: no detector.*plumbline fit/,
    )
  })

  test('the log: none, in a place that cannot be, without a broker', async () => {
    said(await run('alerts', '--data', 'none'), 2, /no log in none\/log; start "plumbline up"/)
    said(await run('up', 'cards/stream.yaml', '--data', 'a-file', ...ports), 2, /a-file\/log: .*--data/)
    if (process.platform === 'linux') {
      said(await run('up', 'cards/stream.yaml', '--data', '/proc/x', ...ports), 2, /\/proc\/x .*\/proc .*--data/)
    }
    const startedMs = performance.now()
    said(await run('alerts', '--brokers', '127.0.0.1:1'), 1, /no broker answers at 127.0.0.1:1.*is Kafka running/)
    said(await run('up', 'cards/stream.yaml', '--brokers', '127.0.0.1:1', ...ports), 1, /no broker answers/)
    assert.ok(performance.now() - startedMs < 30_000)
  })

  test('a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? String(address.port) : ''
    const flags = ['--data', 'taken', '--console-port', '0', '--metrics-port', port]
    said(await run('scorer', 'cards/stream.yaml', ...flags), 2, new RegExp(`127.0.0.1:${port}.*choose another port`))
    server.close()
  })
})

describe('a log in use', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-cli-'))
  const spec = path.join(root, 'examples/card-transactions/stream.yaml')
  const name = 'card-transactions'
  const run = (...args: string[]): Promise<Exited> => plumbline([...args, '--data', dir], dir)
  after(() => rmSync(dir, { recursive: true, force: true }))

  test('more partitions than it was made with are refused', async () => {
    const bus = await embedded({ dir: path.join(dir, 'log'), mode: 'own' })
    const shape = { partitions: 2, cleanup: 'delete', retentionMs: null } as const
    await bus.ensureTopics([{ topic: 'transactions', ...shape }, ...topicShapes(topics('plumbline', name), 2)])
    await bus.close()
    said(await run('scorer', spec, '--partitions', '4', ...ports), 1, /"transactions" has 2 partitions, not 4/)
  })

  test('beside its owner others read, write by its interface, and are told who owns it', async (t) => {
    const owner = new Plumbline(['scorer', spec, '--data', dir, '--partitions', '2', ...ports], dir)
    t.after(() => owner.signal('SIGKILL'))
    await owner.until(({ stderr }) => (stderr.match(/partition-live/g) ?? []).length === 2)
    const [, metricsUrl = ''] = /"metrics":"([^"]+)\/metrics"/.exec(owner.stderr) ?? []
    assert.equal((await fetch(`${metricsUrl}/ready`)).status, 200)
    assert.equal((await fetch(`${metricsUrl}/live`)).status, 200)
    const [alerts, dlq, trained] = [await run('alerts', '--json'), await run('dlq', 'list'), await run('train', name)]
    assert.deepEqual([alerts.code, alerts.stdout, dlq.code, dlq.stdout], [0, '', 0, ''])
    assert.equal(trained.code, 0, trained.stderr)
    said(await run('train', 'another'), 2, /no stream is called "another"/)
    said(await run('models', 'promote', name, '3fa9'), 2, /no version that begins with 3fa9/)
    said(await run('scorer', spec, '--partitions', '2', ...ports), 1, /is owned by process \d+/)
    owner.signal('SIGTERM')
    assert.equal((await owner.exited).code, 0)
    const reader = await embedded({ dir: path.join(dir, 'log'), mode: 'read' })
    assert.equal((await reader.range('plumbline.control', 0)).next, 1, 'the order lies on the control topic')
    await reader.close()
  })

  test('nobody owns it: orders are written to it', async () => {
    const { code, stdout } = await run('train', name, '--json')
    assert.deepEqual([code, stdout], [0, '{"kind":"train","stream":"card-transactions"}\n'])
  })

  test('state that contradicts the committed offset ends the scorer with one line; --reset-state goes on', async (t) => {
    const json = path.join(dir, 'payments.yaml')
    writeFileSync(
      json,
      'stream: payments\nsource: { topic: payments, format: json, key: { field: card }, time: { field: at, unit: ms } }\n' +
        'features:\n  - { name: amount, field: amount }\n',
    )
    const args = [json, '--partitions', '1', ...ports]
    const first = new Plumbline(['scorer', ...args, '--data', dir], dir)
    t.after(() => first.signal('SIGKILL'))
    await first.until(({ stderr }) => stderr.includes('partition-live'))
    const [, api = ''] = /"api":"([^"]+)"/.exec(first.stderr) ?? []
    const body = Array.from({ length: 50 }, (_, i) => `{"card":"c","at":${1_700_000_000_000 + i},"amount":${i}}`).join(
      '\n',
    )
    const headers = { 'content-type': 'application/x-ndjson' }
    assert.equal((await fetch(`${api}/topics/payments/records`, { method: 'POST', headers, body })).status, 200)
    first.signal('SIGTERM')
    assert.equal((await first.exited).code, 0)
    const audited = await run('audit', 'payments', json)
    assert.match(audited.stdout, /^payments: agrees \(\d+ records judged, 0 alerts\)$/m)
    assert.equal(audited.code, 0)
    const store = new Store(path.join(dir, 'log'), 'own')
    const topic = store.topics.get('payments')?.id ?? -1
    const group = [groupOf('plumbline', 'payments'), topic, 0] as [string, number, number]
    const committed = store.groups.get(group) ?? 0
    await store.write(() => {
      store.groups.put(group, 20)
    })
    await store.close()
    assert.ok(committed > 20, `${committed} were committed`)
    said(await run('scorer', ...args), 1, /committed offset 20, the ledger says \d+.*--reset-state/)
    const reset = new Plumbline(['scorer', ...args, '--data', dir, '--reset-state'], dir)
    t.after(() => reset.signal('SIGKILL'))
    await reset.until(({ stderr }) => /"partition-live".*"position":20/.test(stderr))
    reset.signal('SIGINT')
    assert.equal((await reset.exited).code, 0)
  })
})
