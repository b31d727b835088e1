// Bus settings: which log a command works on. `own` writes: one process for an embedded log; `read` looks on from beside it.
// Kafka is asked once for its topics before anything is built on it, so that brokers that do not answer are one error
// within seconds, whatever the adapter would go on trying.

import path from 'node:path'
import type { Bus } from '../../libs/bus/bus.ts'
import { type BusSettings, openBus } from '../../libs/bus/open.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Settings } from '../../libs/run/settings.ts'
import type { OnMismatch } from '../../libs/task/restore.ts'
import type { Context } from './context.ts'
import { files, reasonOf } from './files.ts'

/** First contact with the brokers, all tries. */
const contactMsMax = 12_000

function busSettings({ settings, instance }: Context, mode: 'own' | 'read', onMismatch: OnMismatch): BusSettings {
  if (settings.brokers.length === 0) {
    return { kind: 'embedded', options: { dir: path.join(settings.data, 'log'), mode } }
  }
  const { kafkaSaslMechanism: mechanism, kafkaUsername: username, kafkaPassword } = settings
  const password = kafkaPassword?.reveal() ?? ''
  return {
    kind: 'kafka',
    options: {
      brokers: settings.brokers,
      clientId: `plumbline.${instance}`,
      offsetLost: onMismatch === 'rebuild' ? 'resume' : 'stop',
      ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
      ...(settings.kafkaSsl === 'on' ? { ssl: tls(settings) } : {}),
    },
  }
}

function tls(settings: Settings): boolean | { ca: string } {
  return settings.kafkaCaFile === '' ? true : { ca: files.readText(settings.kafkaCaFile) }
}

/** For a worker thread: plain values, which cross a thread. */
export function readerSettings(context: Context): BusSettings {
  return busSettings(context, 'read', 'stop')
}

export function openReader(context: Context): Promise<Bus> {
  return opened(context, readerSettings(context))
}

/** Failure('log-owned') where another process owns the embedded log. */
export function openWriter(context: Context, onMismatch: OnMismatch = 'stop'): Promise<Bus> {
  return opened(context, busSettings(context, 'own', onMismatch))
}

async function opened({ clock, settings }: Context, wanted: BusSettings): Promise<Bus> {
  if (wanted.kind === 'embedded') return openEmbedded(wanted)
  const bus = await openBus(wanted)
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(contactMsMax, () => reject(unanswered(settings.brokers)))
  })
  try {
    await Promise.race([bus.ensureTopics([]), late])
    return bus
  } catch (thrown) {
    bus.close().catch(() => {})
    throw thrown
  } finally {
    cancel()
  }
}

async function openEmbedded(wanted: Extract<BusSettings, { kind: 'embedded' }>): Promise<Bus> {
  try {
    return await openBus(wanted)
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown
    const remedy = 'choose a folder for the log with --data'
    throw new Failure('file-unreadable', `${wanted.options.dir}: ${reasonOf(thrown)} (${remedy})`, thrown)
  }
}

function unanswered(brokers: readonly string[]): Failure {
  return new Failure(
    'broker-unreachable',
    `no answer from ${brokers.join(', ')} within ${contactMsMax / 1000} s; is Kafka running there, is the address right, ` +
      'and does it want TLS or a login (--kafka-ssl, --kafka-sasl-mechanism)?',
  )
}
