// Settings: default < environment < flag, parsed once, in main, from what main was given. Inside there is no second check.
// Invariants
//   S1 all faults are reported at once, each naming the variable or flag, what was found and what was expected.
//   S2 a variable PLUMBLINE_… that is no setting is refused: a misspelt setting must not be a default in silence.
//   S3 secrets come from the environment or a file, never from a flag, and never print (Secret).

import { Failure } from '../core/failure.ts'
import { nearest } from '../core/near.ts'
import { Secret } from './secret.ts'
import { type SettingRow, settingTable } from './setting-table.ts'

type ValueOf<Row> = Row extends { readonly kind: 'integer' }
  ? number
  : Row extends { readonly kind: 'list' }
    ? readonly string[]
    : Row extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
      ? Choice
      : Row extends { readonly kind: 'secret' }
        ? Secret | null
        : string

export type Settings = { readonly [Row in (typeof settingTable)[number] as Row['name']]: ValueOf<Row> }

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** By setting name, as the argument parser gives them; names that are no settings are another's and not looked at. */
  readonly flags: Readonly<Record<string, unknown>>
  /** Reads the file that a `…_FILE` variable names. */
  readonly readFile: (path: string) => string
}

const PREFIX = 'PLUMBLINE_'

/** Throws Failure('usage') with every fault there is. */
export function settings(sources: SettingSources): Settings {
  const faults: string[] = unknownVariables(sources.env)
  const values: Record<string, unknown> = {}
  for (const row of settingTable) values[row.name] = read(row, sources, faults)
  const parsed = values as Settings
  if (faults.length === 0) faults.push(...contradictions(parsed))
  if (faults.length > 0) throw new Failure('usage', faults.join('\n'))
  return parsed
}

/** The flag of a setting: bufferedBytesMax → --buffered-bytes-max. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function unknownVariables(env: SettingSources['env']): string[] {
  const known: string[] = settingTable.flatMap((row) =>
    row.kind === 'secret' ? [row.variable, `${row.variable}_FILE`] : [row.variable],
  )
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !known.includes(name))
  return unknown.sort().map((name) => {
    // What they all begin with would make every name look near.
    const meant = nearest(
      name.slice(PREFIX.length),
      known.map((each) => each.slice(PREFIX.length)),
    )
    return `${name} is no setting${meant === null ? '' : `; did you mean ${PREFIX}${meant}?`}`
  })
}

function read(row: SettingRow, sources: SettingSources, faults: string[]): unknown {
  if (row.kind === 'secret') return secret(row.variable, sources, faults)
  const flag = sources.flags[row.name]
  // A variable that is set to nothing is as good as not set: compose files cannot leave one out.
  const stated = flag ?? (sources.env[row.variable] || undefined)
  if (stated === undefined) return row.default
  const where = flag === undefined ? row.variable : flagOf(row.name)
  switch (row.kind) {
    case 'text':
      return String(stated)
    case 'list':
      return (Array.isArray(stated) ? stated.map(String) : [String(stated)])
        .flatMap((text) => text.split(','))
        .map((text) => text.trim())
        .filter((text) => text !== '')
    case 'integer': {
      const value = /^-?\d+$/.test(String(stated)) ? Number(stated) : Number.NaN
      if (value >= row.min && value <= row.max) return value
      const unit = row.unit === 'number' || row.unit === 'port' ? '' : ` ${row.unit}`
      faults.push(`${where} is ${JSON.stringify(stated)}; give a whole number from ${row.min} to ${row.max}${unit}`)
      return row.default
    }
    case 'choice': {
      // A flag without a value (`--kafka-ssl`) is how people say `on`.
      const choice = stated === true ? 'on' : stated === false ? 'off' : String(stated)
      if (row.choices.includes(choice)) return choice
      const meant = nearest(choice, row.choices)
      const hint = meant === null ? '' : `; did you mean ${meant}?`
      faults.push(`${where} is ${JSON.stringify(stated)}; give one of ${row.choices.join(', ')}${hint}`)
      return row.default
    }
    default:
      return row satisfies never
  }
}

function secret(variable: string, { env, readFile }: SettingSources, faults: string[]): Secret | null {
  const direct = env[variable] || undefined
  const path = env[`${variable}_FILE`] || undefined
  if (direct !== undefined && path !== undefined) faults.push(`${variable} and ${variable}_FILE are both set; keep one`)
  if (path === undefined) return direct === undefined ? null : new Secret(direct)
  try {
    // Editors and `echo` end a file with a line feed that is not part of the secret.
    const text = readFile(path).replace(/\r?\n$/, '')
    if (text === '') faults.push(`${variable}_FILE names ${path}, which is empty`)
    return new Secret(text)
  } catch (thrown) {
    const { message } = Failure.of(thrown, 'file-unreadable')
    faults.push(`${variable}_FILE names ${path}, which cannot be read: ${message}`)
    return null
  }
}

/** What is wrong with settings that are right one by one. */
function contradictions(settings: Settings): string[] {
  const faults: string[] = []
  const { kafkaSaslMechanism: mechanism, kafkaSsl, kafkaUsername, kafkaPassword } = settings
  if (mechanism !== 'none' && (kafkaUsername === '' || kafkaPassword === null)) {
    faults.push(
      `PLUMBLINE_KAFKA_SASL_MECHANISM is ${mechanism}: set PLUMBLINE_KAFKA_USERNAME and ${PREFIX}KAFKA_PASSWORD`,
    )
  }
  if (mechanism === 'none' && kafkaPassword !== null) {
    faults.push('PLUMBLINE_KAFKA_PASSWORD is set, but PLUMBLINE_KAFKA_SASL_MECHANISM is none: say which mechanism')
  }
  if (mechanism === 'plain' && kafkaSsl === 'off' && settings.kafkaPlainWithoutTls === 'refuse') {
    faults.push(
      'PLUMBLINE_KAFKA_SASL_MECHANISM is plain and PLUMBLINE_KAFKA_SSL is off: the password would travel in clear text; ' +
        'turn TLS on, use scram-sha-512, or set PLUMBLINE_KAFKA_PLAIN_WITHOUT_TLS=allow',
    )
  }
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(settings.prefix)) {
    faults.push(
      `PLUMBLINE_PREFIX is ${JSON.stringify(settings.prefix)}; topics allow letters, digits, ".", "_" and "-"`,
    )
  }
  if (settings.metricsPort !== 0 && settings.metricsPort === settings.consolePort) {
    faults.push(`PLUMBLINE_METRICS_PORT and PLUMBLINE_CONSOLE_PORT are both ${settings.metricsPort}; give two ports`)
  }
  if (!isLoopback(settings.host) && settings.consoleToken === null) {
    faults.push(`PLUMBLINE_HOST is ${settings.host}, beyond this machine: set PLUMBLINE_CONSOLE_TOKEN (or …_FILE)`)
  }
  return faults
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
