// alerts: lists the alerts on the topic, follows them, or shows one in full.

import { alertIn } from '../../../libs/alert/alert-message.ts'
import type { Alert } from '../../../libs/alert/alert-schema.ts'
import { isoTime } from '../../../libs/alert/position.ts'
import { quantity, sentence } from '../../../libs/alert/sentence.ts'
import type { Bus } from '../../../libs/bus/bus.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { headersOf, type Records, valueBytes } from '../../../libs/core/records.ts'
import { aborted } from '../../../libs/run/shutdown.ts'
import { openReader } from '../bus-settings.ts'
import type { Context } from '../context.ts'

export interface AlertsOptions {
  readonly follow: boolean
  readonly stream: string | null
}

export async function alerts(context: Context, options: AlertsOptions): Promise<void> {
  const bus = await openReader(context)
  try {
    const topic = `${context.settings.prefix}.alerts`
    const each = (alert: Alert): void => {
      if (options.stream === null || alert.stream === options.stream) context.say(alertLine(alert, context.json))
    }
    if (options.follow) await followAlerts(bus, topic, 'beginning', context.stopSignals().drain, each)
    else for await (const alert of readAlerts(bus, topic)) each(alert)
  } finally {
    await bus.close()
  }
}

export async function showAlert(context: Context, id: string): Promise<void> {
  const bus = await openReader(context)
  try {
    for await (const alert of readAlerts(bus, `${context.settings.prefix}.alerts`)) {
      if (!alert.id.startsWith(id)) continue
      context.say(context.json ? JSON.stringify(alert) : alertPage(alert))
      return
    }
    throw new Failure('usage', `no alert whose id begins with ${id}; \`plumbline alerts\` lists them`)
  } finally {
    await bus.close()
  }
}

export async function* readAlerts(bus: Bus, topic: string): AsyncIterable<Alert> {
  const partitions = await bus.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const range = await bus.range(topic, partition)
    for await (const records of bus.read(topic, partition, range.first, range.next)) yield* alertsOf(records)
  }
}

export function* alertsOf(records: Records): Iterable<Alert> {
  for (let i = 0; i < records.count; i++) yield alertIn(valueBytes(records, i), headersOf(records, i))
}

/** Resolves when `signal` aborts. `now` leaves out what was published before. */
export async function followAlerts(
  bus: Bus,
  topic: string,
  since: 'beginning' | 'now',
  signal: AbortSignal,
  each: (alert: Alert) => void,
): Promise<void> {
  let past = since === 'now'
  const following = await bus.follow(topic, (_partition, records) => {
    if (past) return
    for (const alert of alertsOf(records)) each(alert)
  })
  await following.caughtUp
  past = false
  await aborted(signal)
  await following.stop()
}

export function alertLine(alert: Alert, json: boolean): string {
  if (json) return JSON.stringify(alert)
  const ratio = (alert.score / alert.threshold).toFixed(1)
  return `${isoTime(alert.eventTime)}  ${alert.stream}  ${alert.key}  ${alert.severity} ${ratio}×  ${sentence(alert)}  [${alert.id.slice(0, 8)}]`
}

function alertPage(alert: Alert): string {
  const lines = [
    `${alert.stream}: ${alert.key} at ${isoTime(alert.eventTime)}`,
    `  ${sentence(alert)}`,
    `  score ${quantity(alert.score)} over threshold ${quantity(alert.threshold)} (${alert.severity}), p = ${alert.pValue.toExponential(2)}`,
    '',
    ...alert.features.map((each) => {
      const share = `${(each.contribution * 100).toFixed(1)} %`.padStart(8)
      const actual = each.actual === null ? 'missing' : quantity(each.actual)
      const expected = each.expected === null ? '-' : quantity(each.expected)
      return `  ${share}  ${each.name.padEnd(20)} ${actual.padStart(12)}   expected ${expected}`
    }),
    '',
    `  id        ${alert.id}`,
    `  record    ${alert.topic}, partition ${alert.partition}, offset ${alert.offset}`,
    `  detector  ${alert.detector}`,
    `  revision  ${alert.revision}`,
  ]
  return lines.join('\n')
}
