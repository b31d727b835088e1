// Command: what every command of the line has, and the forms of its arguments.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { settingTable } from '../../libs/run/setting-table.ts'
import { flagOf } from '../../libs/run/settings.ts'

export type Options = Record<string, unknown>

export function command(parent: Command, signature: string, description: string, example: string): Command {
  const made = parent
    .command(signature)
    .description(description)
    .addHelpText('before', `Example: ${example}\n`)
    .option('--json', 'print JSON lines')
  for (const row of settingTable) {
    // A secret as a flag would be seen by other users of the machine.
    if (row.kind === 'secret') continue
    const form = row.kind === 'list' ? `${flagOf(row.name)} <list>` : `${flagOf(row.name)} <${row.kind}>`
    made.addOption(new Option(form, `${row.help} [${row.variable}]`))
  }
  return made
}

export function list(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

export function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1 on')
  return value
}

export function rate(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 0.5)) throw new InvalidArgumentError('give a rate above 0 and below 0.5')
  return value
}

export function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('give a share above 0 and below 1')
  return value
}

export function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('give a number above 0')
  return value
}

export function textOf(options: Options, name: string): string | null {
  const given = options[name]
  return typeof given === 'string' ? given : null
}
