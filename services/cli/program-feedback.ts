// Program feedback: the command that takes what people say of records.

import type { Command } from 'commander'
import { feedbackVerdicts } from '../../libs/alert/feedback.ts'
import { command, type Options, textOf } from './command.ts'
import type { Context } from './context.ts'

const filesHelp = `
FILE: a line a record, as CSV with a header or JSON lines. Records are named by partition, offset and topic, or by id, the text
of the field that the spec names as source.id. A verdict column, or field, goes before --as.`

export function feedback(root: Command, context: (options: Options) => Context): void {
  command(
    root,
    'label <id-or-file>',
    'say what the record behind an alert is, or the records in a file',
    'plumbline label 3fa9c1 --as not-anomaly --note "salary day"',
  )
    .option('--as <verdict>', `what it is: ${feedbackVerdicts.join(', ')}`)
    .option('--note <text>', 'why')
    .option('--by <name>', 'who says so', 'cli')
    .option('--stream <stream>', 'of a file whose lines do not name their stream')
    .option('--topic <topic>', 'of a file whose lines do not name the input topic')
    .addHelpText('after', filesHelp)
    .action(async (what: string, options: Options) => {
      const { label } = await import('./commands/label.ts')
      await label(context(options), what, {
        as: textOf(options, 'as'),
        note: textOf(options, 'note'),
        by: String(options['by']),
        stream: textOf(options, 'stream'),
        topic: textOf(options, 'topic'),
      })
    })
}
