// Program restorations: the commands that use a detector's networks for something other than alarms: to fill gaps, to take
// noise off, to give codes, to make rows up.

import type { Command } from 'commander'
import { command, type Options, positive, share, textOf, whole } from './command.ts'
import type { Context } from './context.ts'

export function restorations(root: Command, context: (options: Options) => Context): void {
  const restoration = (signature: string, description: string, example: string): Command =>
    command(root, signature, description, `plumbline ${example} --detector detector.safetensors`)
      .requiredOption('--detector <file>', 'a detector made by fit')
      .option('--out <file>', 'where the table goes (default: standard output)')
  restoration('impute <rows.csv>', 'fill in missing cells by what the detector expects', 'impute rows.csv')
    .option('--check <share>', 'hide this share of the known cells, and say how near they are filled in instead', share)
    .action(async (file: string, options: Options) => {
      const { imputeTable } = await import('./commands/impute.ts')
      const check = (options['check'] as number | undefined) ?? null
      imputeTable(context(options), file, { detector: String(options['detector']), out: textOf(options, 'out'), check })
    })
  restoration('denoise <rows.csv>', 'take noise off the cells, by what the detector reconstructs', 'denoise rows.csv')
    .option('--beside', 'keep the cells, those without noise in columns beside them')
    .option(
      '--noise <deviations>',
      'how noisy cells are, in standard deviations (default: as the detector tells)',
      positive,
    )
    .option('--check <deviations>', 'put so much noise on, and say how much of it is taken off instead', positive)
    .action(async (file: string, options: Options) => {
      const { denoiseTable } = await import('./commands/denoise.ts')
      const check = (options['check'] as number | undefined) ?? null
      const noise = (options['noise'] as number | undefined) ?? null
      const place = options['beside'] === true ? 'beside' : 'instead'
      const detector = String(options['detector'])
      denoiseTable(context(options), file, { detector, out: textOf(options, 'out'), place, noise, check })
    })
  restoration('embed <rows.csv>', "the code of each row, from the network's narrowest layer", 'embed rows.csv').action(
    async (file: string, options: Options) => {
      const { embedTable } = await import('./commands/embed.ts')
      embedTable(context(options), file, { detector: String(options['detector']), out: textOf(options, 'out') })
    },
  )
  restoration('generate', 'make up rows by a variational detector', 'generate 1000')
    .argument('<n>', 'how many', whole)
    .option('--against <rows.csv>', 'say how near they are to these rows; the rows themselves go to --out')
    .option('--like <rows.csv>', 'make up rows like these, instead of like those learnt from')
    .action(async (rows: number, options: Options) => {
      const { generateTable } = await import('./commands/generate.ts')
      const against = textOf(options, 'against')
      const like = textOf(options, 'like')
      const detector = String(options['detector'])
      generateTable(context(options), rows, { detector, out: textOf(options, 'out'), against, like })
    })
}
