import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { ANOMALOUS, LATE, NORMAL, OUTCOMES, rejected, rejectReasons, verdictKinds } from '../../libs/core/verdict.ts'
import { metricTable } from '../../libs/run/metric-table.ts'
import { metrics } from '../../libs/run/metrics.ts'

const atMs = 1_700_000_000_000

/** A registry to which everything has happened once. */
function busy(scope: 'own' | 'process') {
  const registry = metrics({ version: '0.1.0', clock: () => atMs, scope })
  registry.watch('cards')
  registry.alarmTarget('cards', 0.5)
  const counts = new Uint32Array(OUTCOMES)
  counts[NORMAL] = 10
  counts[ANOMALOUS] = 2
  counts[LATE] = 1
  counts[rejected('undecodable')] = 3
  registry.judged('cards', counts)
  registry.scored('cards', Float32Array.of(0.5, 1, 2, 300), 4, 1)
  registry.spent('cards', 'decode', 2)
  registry.committed('cards', 0, 5, atMs - 4000)
  registry.lag('cards', 0, 7)
  registry.lag('cards', 1, -1)
  registry.state('cards', 0, 100, 4)
  registry.state('cards', 1, 20, 1)
  registry.thresholdInForce('cards', 0, 1)
  registry.thresholdInForce('cards', 1, 2.5)
  registry.regimeChanged('cards', 1)
  registry.alerted('cards', [{ severity: 'major', eventTimeMs: atMs - 250 }])
  registry.transaction('committed')
  registry.rebalanced()
  registry.buffered('cards', 1000, 4000)
  registry.registryAsked('found')
  registry.serving('cards', 'a1', 3.5, atMs - 60_000)
  registry.swap('cards', 'swapped')
  registry.learning('cards', 50, 500)
  registry.trained('cards', 'refused', 'alarm-rate', 1500)
  registry.drifted('cards', [{ name: 'amount', value: 0.3 }], 0.1, 1.2)
  return registry
}

/** The value of a series, by its full name with labels; undefined where it is not exported. */
function value(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('metric table', () => {
  test('follows the naming law', () => {
    for (const { name, type, help, labels, buckets } of metricTable) {
      assert.match(name, /^plumbline_[a-z]+(_[a-z]+)*$/)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
      assert.match(help, /^[A-Z].*\.$/, `${name} needs a sentence as help`)
      assert.doesNotMatch(name, /_(ms|millis|kb|percent)(_|$)/, `${name} must be in base units`)
      for (const label of labels) {
        assert.match(label, /^(stream|partition|feature|kind|reason|stage|result|gate|severity|version)$/, name)
      }
      assert.equal(buckets.length > 0, type === 'histogram', name)
    }
    assert.equal(new Set(metricTable.map((row) => row.name)).size, metricTable.length)
  })

  test('every row is exported once everything has happened, and nothing of ours is outside it', async () => {
    const text = await busy('own').text()
    const exported = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    assert.deepEqual(exported.sort(), metricTable.map((row) => `${row.name} ${row.type}`).sort())
    for (const row of metricTable) assert.match(text, new RegExp(`^${row.name}(_count)?(\\{|\\s)`, 'm'), row.name)
  })

  test('promtool finds nothing to complain of', async (t) => {
    if (spawnSync('promtool', ['--version']).error) return t.skip('promtool is not installed')
    const checked = spawnSync('promtool', ['check', 'metrics'], {
      input: await busy('process').text(),
      encoding: 'utf8',
    })
    assert.equal(checked.stderr + checked.stdout, '')
    assert.equal(checked.status, 0)
    const planted = '# HELP plumbline_wait_ms How long.\n# TYPE plumbline_wait_ms gauge\nplumbline_wait_ms 1\n'
    assert.notEqual(spawnSync('promtool', ['check', 'metrics'], { input: planted }).status, 0, 'promtool can complain')
  })
})

describe('metrics', () => {
  test('count outcomes by kind and reason', async () => {
    const text = await busy('own').text()
    assert.equal(value(text, 'plumbline_records_consumed_total{stream="cards"}'), 16)
    assert.equal(value(text, 'plumbline_verdicts_total{stream="cards",kind="anomalous"}'), 2)
    assert.equal(value(text, 'plumbline_verdicts_total{stream="cards",kind="rejected"}'), 3)
    assert.equal(value(text, 'plumbline_rejects_total{stream="cards",reason="undecodable"}'), 3)
    assert.equal(value(text, 'plumbline_state_keys{stream="cards"}'), 120)
    assert.equal(value(text, 'plumbline_state_evictions_total{stream="cards"}'), 5)
    assert.equal(value(text, 'plumbline_alarm_rate_ratio{stream="cards"}'), 2 / 12 / 0.5)
  })

  test('evictions of a task count from its birth, and go on counting after it is built again', async () => {
    const registry = metrics({ version: '1', clock: () => atMs, scope: 'own' })
    for (const evictions of [4, 4, 6, 1, 3]) registry.state('s', 0, 10, evictions)
    assert.equal(value(await registry.text(), 'plumbline_state_evictions_total{stream="s"}'), 9)
  })

  test('start at zero for every kind and reason of a watched stream', async () => {
    const registry = metrics({ version: '1', clock: () => atMs, scope: 'own' })
    registry.watch('s')
    const text = await registry.text()
    for (const kind of verdictKinds) assert.equal(value(text, `plumbline_verdicts_total{stream="s",kind="${kind}"}`), 0)
    for (const reason of rejectReasons) {
      assert.equal(value(text, `plumbline_rejects_total{stream="s",reason="${reason}"}`), 0)
    }
    assert.equal(value(text, 'plumbline_score_ratio_count{stream="s"}'), 0)
  })

  test('a lag that is not known and a partition that was released are not exported', async () => {
    const registry = busy('own')
    let text = await registry.text()
    assert.equal(value(text, 'plumbline_consumer_lag_records{stream="cards",partition="0"}'), 7)
    assert.equal(value(text, 'plumbline_consumer_lag_records{stream="cards",partition="1"}'), undefined)
    assert.equal(value(text, 'plumbline_consumer_lag_seconds{stream="cards"}'), 4)
    registry.released('cards', 0)
    text = await registry.text()
    assert.equal(value(text, 'plumbline_consumer_lag_records{stream="cards",partition="0"}'), undefined)
    assert.equal(value(text, 'plumbline_consumer_lag_seconds{stream="cards"}'), 0)
  })

  test('lag in seconds is zero when nothing waits, however old the last record is', async () => {
    const registry = metrics({ version: '1', clock: () => atMs, scope: 'own' })
    registry.committed('s', 0, 1, atMs - 3_600_000)
    registry.lag('s', 0, 0)
    assert.equal(value(await registry.text(), 'plumbline_consumer_lag_seconds{stream="s"}'), 0)
    registry.lag('s', 0, 1)
    assert.equal(value(await registry.text(), 'plumbline_consumer_lag_seconds{stream="s"}'), 3600)
  })

  test('one version of the detector is in force', async () => {
    const registry = busy('own')
    registry.serving('cards', 'b2', 4, atMs)
    const text = await registry.text()
    assert.equal(value(text, 'plumbline_detector_info{stream="cards",version="a1"}'), undefined)
    assert.equal(value(text, 'plumbline_detector_info{stream="cards",version="b2"}'), 1)
    assert.equal(value(text, 'plumbline_threshold{stream="cards"}'), 4)
  })

  test('the alarm rate begins anew with a new target, and says nothing at first', async () => {
    const registry = busy('own')
    registry.alarmTarget('cards', 0.25)
    assert.equal(value(await registry.text(), 'plumbline_alarm_rate_ratio{stream="cards"}'), undefined)
    const counts = new Uint32Array(OUTCOMES)
    counts[NORMAL] = 10
    counts[ANOMALOUS] = 10
    registry.judged('cards', counts)
    assert.equal(value(await registry.text(), 'plumbline_alarm_rate_ratio{stream="cards"}'), 2)
  })

  test('process metrics come with the process scope only', async () => {
    assert.match(await busy('process').text(), /^nodejs_eventloop_lag_seconds/m)
    assert.doesNotMatch(await busy('own').text(), /^(process|nodejs)_/m)
  })

  test('two registries do not share a series', async () => {
    busy('own')
    const other = metrics({ version: '1', clock: () => atMs, scope: 'own' })
    assert.equal(value(await other.text(), 'plumbline_records_consumed_total{stream="cards"}'), undefined)
  })
})
