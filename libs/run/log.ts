// Log: JSON lines, one a happening, at most two a batch. `event` is a stable code to search for; fields are plain values.
// Never a payload: what a record holds does not belong here. Secrets cannot appear, because a Secret (secret.ts) prints
// as a mask however it is turned into text.

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly clock: () => number
  /** Takes one line, its line feed included. */
  readonly write: (line: string) => void
}

/** Characters of one field; longer texts (messages of other programs) are cut. */
const FIELD_CHARS_MAX = 2000

export function log(options: LogOptions): Log {
  const least = logLevels.indexOf(options.level)
  const at = (level: LogLevel) => {
    if (logLevels.indexOf(level) < least) return () => {}
    return (event: string, fields: LogFields = {}): void => {
      const time = new Date(options.clock()).toISOString()
      options.write(`${JSON.stringify({ time, level, event, ...fields }, cut)}\n`)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function cut(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > FIELD_CHARS_MAX ? `${value.slice(0, FIELD_CHARS_MAX)}…` : value
}
