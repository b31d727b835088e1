// Reference of the command line: each command with its arguments and its own options, as the program declares them.

import assert from 'node:assert/strict'
import type { Command } from 'commander'
import { settingTable } from '../../libs/run/setting-table.ts'
import { flagOf } from '../../libs/run/settings.ts'
import { commands } from './program.ts'

export function commandReference(): string {
  const root = commands(
    () => assert.fail('nothing is run'),
    () => {},
  )
  const known = new Set(['--json', '--help', ...settingTable.map(({ name }) => flagOf(name))])
  const lines = ['| command | what it does | options |', '| --- | --- | --- |']
  for (const { signature, command } of leaves(root, '')) {
    const own = command.options.filter(({ long }) => long !== undefined && long !== null && !known.has(long))
    const options = own.map(({ flags, description }) => `\`${flags}\` ${description}`).join('<br>')
    lines.push(`| \`${signature}\` | ${command.description()} | ${options} |`)
  }
  return lines.join('\n')
}

/** Commands that do something, in the order of their declaration. */
function leaves(parent: Command, before: string): { readonly signature: string; readonly command: Command }[] {
  return parent.commands.flatMap((command) => {
    const name = `${before}${command.name()}`
    const under = leaves(command, `${name} `)
    const given = command.registeredArguments.map((argument) => {
      const inner = `${argument.name()}${argument.variadic ? '...' : ''}`
      return argument.required ? `<${inner}>` : `[${inner}]`
    })
    const acts = under.length === 0 || command.options.length > 0
    return acts ? [{ signature: [name, ...given].join(' '), command }, ...under] : under
  })
}
