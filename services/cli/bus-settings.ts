// Bus settings: which log a command works on. `own` writes: one process for an embedded log; `read` looks on from beside it.

import path from 'node:path'
import type { Bus } from '../../libs/bus/bus.ts'
import { type BusSettings, openBus } from '../../libs/bus/open.ts'
import type { Settings } from '../../libs/run/settings.ts'
import { files } from './files.ts'

function busSettings(settings: Settings, mode: 'own' | 'read'): BusSettings {
  if (settings.brokers.length === 0) {
    return { kind: 'embedded', options: { dir: path.join(settings.data, 'log'), mode } }
  }
  const { kafkaSaslMechanism: mechanism, kafkaUsername: username, kafkaPassword } = settings
  const password = kafkaPassword?.reveal() ?? ''
  return {
    kind: 'kafka',
    options: {
      brokers: settings.brokers,
      clientId: 'plumbline',
      ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
      ...(settings.kafkaSsl === 'on' ? { ssl: tls(settings) } : {}),
    },
  }
}

function tls(settings: Settings): boolean | { ca: string } {
  return settings.kafkaCaFile === '' ? true : { ca: files.readText(settings.kafkaCaFile) }
}

/** For a worker thread or a command that looks on: plain values, which cross a thread. */
export function readerSettings(settings: Settings): BusSettings {
  return busSettings(settings, 'read')
}

export function openReader(settings: Settings): Promise<Bus> {
  return openBus(busSettings(settings, 'read'))
}

export function openWriter(settings: Settings): Promise<Bus> {
  return openBus(busSettings(settings, 'own'))
}
