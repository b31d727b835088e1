// Labelled: what people said, as the gate and the canaries want it: rows with their labels, and confirmed anomalies with where
// they come from.

import { Labels } from '../../libs/alert/labels.ts'
import type { Reader } from '../../libs/bus/bus.ts'
import { type Canaries, canariesWhere, isMade } from '../../libs/detector/canaries.ts'
import type { Feedback } from '../../libs/detector/gate.ts'
import type { Call } from './calls.ts'

export async function readLabels(reader: Reader, topic: string, stream: string): Promise<Labels> {
  const labels = new Labels(stream)
  for (let partition = 0; partition < (await reader.partitions(topic)); partition++) {
    const range = await reader.range(topic, partition)
    for await (const records of reader.read(topic, partition, range.first, range.next)) labels.take(partition, records)
  }
  return labels
}

export function labelledRows(calls: readonly Call[], width: number): Feedback {
  const usable = calls.flatMap(({ row, verdict }) => (row === null ? [] : [{ row, anomalous: verdict === 'anomaly' }]))
  const rows = new Float32Array(usable.length * width)
  for (const [i, { row }] of usable.entries()) rows.set(row, i * width)
  return { rows, count: usable.length, anomalous: Uint8Array.from(usable, ({ anomalous }) => Number(anomalous)) }
}

export function confirmedRows(calls: readonly Call[], width: number): Canaries {
  const confirmed = calls.filter(({ row, verdict }) => row !== null && verdict === 'anomaly')
  return { rows: labelledRows(confirmed, width).rows, origins: confirmed.map(({ origin }) => origin) }
}

/** The canaries of an incumbent without those of records that people call anomalous no more, and without made ones if `made` says so. */
export function inheritedCanaries(
  given: Canaries,
  labels: Labels,
  { topic, width, made }: { readonly topic: string; readonly width: number; readonly made: 'keep' | 'retire' },
): Canaries {
  return canariesWhere(given, width, (origin) =>
    isMade(origin) ? made === 'keep' : labels.ofOrigin(topic, origin)?.verdict === 'anomaly',
  )
}
