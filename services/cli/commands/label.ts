// label: says of the record behind an alert, or of the records in a file, what they are; the next training of the stream hears
// it (libs/alert/feedback).

import type { Alert } from '../../../libs/alert/alert-schema.ts'
import { type FeedbackVerdict, feedbackVerdicts, noteCharsMax } from '../../../libs/alert/feedback.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { nearest } from '../../../libs/core/near.ts'
import { LABELS_MAX } from '../../console/order.ts'
import { openReader } from '../bus-settings.ts'
import type { Context } from '../context.ts'
import { type LabelDefaults, type Labelled, parseLabels } from '../label-file.ts'
import { getDone } from '../orders.ts'
import { readAlerts } from './alerts.ts'

export interface LabelOptions {
  readonly as: string | null
  readonly note: string | null
  readonly by: string
  readonly stream: string | null
  readonly topic: string | null
}

export async function label(context: Context, what: string, options: LabelOptions): Promise<void> {
  const { files, clock } = context
  const verdict = options.as === null ? null : verdictOf(options.as)
  if ((options.note?.length ?? 0) > noteCharsMax)
    throw new Failure('usage', `--note has more than ${noteCharsMax} characters`)
  const { note, by, stream, topic } = options
  const defaults: LabelDefaults = { verdict, note, by, stream, topic, atMs: clock.nowMs() }
  const labels = files.exists(what)
    ? parseLabels(new TextDecoder().decode(files.readBytes(what)), what, defaults)
    : [await labelOfAlert(context, what, defaults)]
  for (const [name, own] of byStream(labels)) {
    for (let from = 0; from < own.length; from += LABELS_MAX) {
      const some = own.slice(from, from + LABELS_MAX).map(({ feedback }) => feedback)
      await getDone(context, { kind: 'label', stream: name, labels: some })
    }
    context.say(
      context.json
        ? JSON.stringify({ kind: 'label', stream: name, labels: own.length })
        : `${name}: ${own.length === 1 ? `1 record is ${own[0]?.feedback.verdict}` : `${own.length} records labelled`}; the next training hears it`,
    )
  }
}

function verdictOf(text: string): FeedbackVerdict {
  const found = feedbackVerdicts.find((each) => each === text)
  if (found !== undefined) return found
  const meant = nearest(text, feedbackVerdicts)
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  throw new Failure('usage', `--as is "${text}", not one of ${feedbackVerdicts.join(', ')}${hint}`)
}

async function labelOfAlert(context: Context, id: string, defaults: LabelDefaults): Promise<Labelled> {
  const { verdict, note, by, atMs } = defaults
  if (verdict === null) throw new Failure('usage', `what is ${id}? say --as ${feedbackVerdicts.join(', or --as ')}`)
  const alert = await alertOf(context, id)
  const { topic, partition, offset } = alert
  return {
    stream: alert.stream,
    feedback: {
      verdict: verdictOf(verdict),
      subject: { kind: 'position', topic, partition, offset },
      eventTimeMs: alert.eventTime,
      by,
      atMs,
      note,
    },
  }
}

async function alertOf(context: Context, id: string): Promise<Alert> {
  const bus = await openReader(context)
  const found = new Map<string, Alert>()
  try {
    for await (const alert of readAlerts(bus, `${context.settings.prefix}.alerts`)) {
      if (alert.id.startsWith(id)) found.set(alert.id, alert)
    }
  } finally {
    await bus.close()
  }
  const [only, ...more] = found.values()
  if (only === undefined)
    throw new Failure('usage', `no alert whose id begins with ${id}, and no such file; \`plumbline alerts\` lists them`)
  if (more.length > 0)
    throw new Failure('usage', `${found.size} alerts have ids that begin with ${id}; give more digits`)
  return only
}

function byStream(labels: readonly Labelled[]): Map<string, Labelled[]> {
  const streams = new Map<string, Labelled[]>()
  for (const each of labels) {
    const own = streams.get(each.stream)
    if (own === undefined) streams.set(each.stream, [each])
    else own.push(each)
  }
  return streams
}
