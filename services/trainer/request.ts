// Request: what makes the trainer train before its schedule says so, from a message of the control topic or from a look for
// drift. Asking twice for the same is asking once.

import type { Records } from '../../libs/core/records.ts'
import { keyBytes, valueBytes } from '../../libs/core/records.ts'

export interface Asked {
  readonly because: 'asked' | 'regime-changed' | 'drift'
  /** The detector that is to be replaced: once another one serves, nothing is left to do. Null: whatever serves. */
  readonly version: string | null
  /** Event time from which on what is normal has changed; `find`: where the alarms of the incumbent say. */
  readonly trend: number | 'find' | null
}

/** Requests in a run of the control topic, each with the name of its stream. */
export function requestsIn(records: Records): { readonly stream: string; readonly asked: Asked }[] {
  const text = new TextDecoder()
  return Array.from({ length: records.count }, (_, i) => {
    const value = valueBytes(records, i)
    return {
      stream: text.decode(keyBytes(records, i) ?? new Uint8Array(0)),
      asked: askedIn(value === null ? '' : text.decode(value)),
    }
  })
}

function askedIn(value: string): Asked {
  let said: Readonly<Partial<Record<'because' | 'version', unknown>>> = {}
  try {
    const parsed: unknown = JSON.parse(value)
    if (typeof parsed === 'object' && parsed !== null) said = parsed
  } catch {
    // Whatever is said for a stream's key asks to have it trained.
  }
  const version = typeof said.version === 'string' ? said.version : null
  return said.because === 'regime-changed'
    ? { because: 'regime-changed', version, trend: 'find' }
    : { because: 'asked', version, trend: null }
}

/** Of two that wait, the one that says more: a change of what is normal is not forgotten for a mere request. */
export function mergedRequest(waiting: Asked | null, asked: Asked): Asked {
  return waiting !== null && waiting.trend !== null && asked.trend === null ? waiting : asked
}
