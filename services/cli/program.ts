// Program: the command line: which commands there are, their arguments and help. Each command is loaded when it is called, so
// that `alerts` does not load TensorFlow.

import { Command, CommanderError, Option } from 'commander'
import { Failure } from '../../libs/core/failure.ts'
import { detectorKinds, detectorSettings, lossKinds } from '../../libs/stream/spec.ts'
import type { OnMismatch } from '../../libs/task/restore.ts'
import { command, list, type Options, rate, whole } from './command.ts'
import type { Context } from './context.ts'
import { feedback } from './program-feedback.ts'
import { restorations } from './program-restorations.ts'

/** What main needs to make a context: settings given as flags. */
export interface Invocation {
  readonly flags: Readonly<Record<string, unknown>>
  readonly json: boolean
}

type MakeContext = (invocation: Invocation) => Context

export async function program(argv: readonly string[], makeContext: MakeContext): Promise<void> {
  let help = ''
  const root = commands(
    (options) => makeContext({ flags: options, json: options['json'] === true }),
    (text) => {
      help = text
    },
  )
  try {
    await root.parseAsync([...argv])
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.exitCode === 0) return
    if (thrown.code === 'commander.help') throw new Failure('usage', `a command is needed\n${help.trimEnd()}`)
    throw new Failure('usage', `${thrown.message.replace(/^error: /, '')}\nSee plumbline --help.`)
  }
}

/** The root of all commands. */
export function commands(context: (options: Options) => Context, writeErr: (text: string) => void): Command {
  const root = new Command('plumbline')
    .description('Streaming anomaly detection for Kafka.')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr })
  services(root, context)
  batch(root, context)
  restorations(root, context)
  inspection(root, context)
  feedback(root, context)
  return root
}

function services(root: Command, context: (options: Options) => Context): void {
  const resetting = (made: Command): Command =>
    made.option('--reset-state', 'where state contradicts the committed offset, leave it and rebuild it from history')
  const onMismatch = (options: Options): OnMismatch => (options['resetState'] === true ? 'rebuild' : 'stop')
  const serve = (name: 'up' | 'scorer' | 'trainer', description: string): void => {
    const made = command(root, `${name} [specs...]`, description, `plumbline ${name} ./streams`)
    if (name !== 'trainer') resetting(made)
    made.action(async (specs: string[], options: Options) => {
      const { up } = await import('./commands/up.ts')
      const { deployment } = await import('./deployment.ts')
      const made = context(options)
      const streams = deployment(made.files, specs.length > 0 ? specs : made.settings.specs)
      await up(made, streams, {
        parts: name === 'up' ? ['scorer', 'trainer'] : [name],
        onMismatch: onMismatch(options),
      })
    })
  }
  serve('up', 'run all services in one process, on the embedded log or on Kafka')
  serve('scorer', 'run the scorer alone')
  serve('trainer', 'run the trainer alone')
  resetting(command(root, 'demo', 'run the examples, with their data replayed into them', 'plumbline demo'))
    .option('--replay-only', 'replay the data alone, for a scorer and a trainer that run elsewhere on the same Kafka')
    .action(async (options: Options) => {
      const { demo } = await import('./commands/demo.ts')
      await demo(context(options), {
        parts: options['replayOnly'] === true ? [] : ['trainer', 'scorer'],
        onMismatch: onMismatch(options),
      })
    })
  command(root, 'train <stream>', 'ask the trainer to train a stream now', 'plumbline train card-transactions').action(
    async (stream: string, options: Options) => {
      const { requestTraining } = await import('./commands/train.ts')
      await requestTraining(context(options), stream)
    },
  )
}

const seriesHelp = `
One column alone is a series to the ensemble: each row is how new its value is after all rows before it in the file, both
here and in \`plumbline score\`, and a window is not needed.`

function batch(root: Command, context: (options: Options) => Context): void {
  command(root, 'validate <specs...>', 'check spec files offline', 'plumbline validate stream.yaml').action(
    async (specs: string[], options: Options) => {
      const { validate } = await import('./commands/validate.ts')
      validate(context(options), specs)
    },
  )
  command(root, 'fit <rows.csv>', 'learn a detector from a table', 'plumbline fit rows.csv --out detector.safetensors')
    .requiredOption('--out <file>', 'where the detector goes')
    .option('--columns <names>', 'columns to learn from, separated by commas (default: all)', list)
    .option('--drop <names>', 'columns to leave out', list)
    .option('--label <column>', 'column of labels: rows where it is not 0 are left out; never a feature')
    .option('--key <column>', 'column that says whose a row is, where those differ: never a feature')
    .option('--train-rows <n>', 'learn from the first n rows that are left', whole)
    .option('--kind <kind>', `kind of detector: ${detectorKinds.join(', ')}`)
    .option('--setting <setting>', `of the ensemble, how much is spent on a row: ${detectorSettings.join(', ')}`)
    .option('--loss <loss>', `what its networks make small: ${lossKinds.join(', ')}`)
    .option('--window <n>', 'rows in a window; of one column alone the ensemble makes a series instead', whole, 1)
    .option('--image <size>', 'of the convolutional kind: rows are images of this height x width, such as 28x28')
    .addHelpText('after', seriesHelp)
    .option('--alarm-rate <rate>', 'share of normal rows that may alarm (default: 0.01, of a series 0.001)', rate)
    .action(async (file: string, options: Options) => {
      const { fitTable } = await import('./commands/fit.ts')
      await fitTable(context(options), file, {
        out: String(options['out']),
        columns: (options['columns'] as string[] | undefined) ?? null,
        drop: (options['drop'] as string[] | undefined) ?? [],
        label: (options['label'] as string | undefined) ?? null,
        key: (options['key'] as string | undefined) ?? null,
        trainRows: (options['trainRows'] as number | undefined) ?? null,
        kind: (options['kind'] as string | undefined) ?? null,
        setting: (options['setting'] as string | undefined) ?? null,
        loss: (options['loss'] as string | undefined) ?? null,
        window: Number(options['window']),
        image: (options['image'] as string | undefined) ?? null,
        alarmRate: (options['alarmRate'] as number | undefined) ?? null,
      })
    })
  command(root, 'score <rows.csv>', 'score a table', 'plumbline score rows.csv --detector detector.safetensors')
    .requiredOption('--detector <file>', 'a detector made by fit')
    .addOption(
      new Option('--align <how>', 'where the score of a window stands').choices(['causal', 'spread']).default('causal'),
    )
    .option('--key <column>', 'column that says whose a row is: by its own threshold, if fit was told')
    .option('--out <file>', 'where the scores go (default: standard output)')
    .action(async (file: string, options: Options) => {
      const { scoreTable } = await import('./commands/score.ts')
      await scoreTable(context(options), file, {
        detector: String(options['detector']),
        align: options['align'] === 'spread' ? 'spread' : 'causal',
        key: (options['key'] as string | undefined) ?? null,
        out: (options['out'] as string | undefined) ?? null,
      })
    })
}

function inspection(root: Command, context: (options: Options) => Context): void {
  const alerts = command(root, 'alerts', 'list or follow alerts', 'plumbline alerts --follow')
    .option('--follow', 'go on with alerts as they come')
    .option('--stream <stream>', 'of this stream only')
    .action(async (options: Options) => {
      const { alerts: run } = await import('./commands/alerts.ts')
      const stream = (options['stream'] as string | undefined) ?? null
      await run(context(options), { follow: options['follow'] === true, stream })
    })
  command(alerts, 'show <id>', 'show one alert in full', 'plumbline alerts show 3fa9c1').action(
    async (id: string, _own: Options, each: Command) => {
      const { showAlert } = await import('./commands/alerts.ts')
      await showAlert(context(each.optsWithGlobals()), id)
    },
  )
  const models = root.command('models').description('the detectors of a stream')
  command(models, 'list <stream>', 'list versions', 'plumbline models list servers').action(
    async (stream: string, options: Options) => {
      const { listModels } = await import('./commands/models.ts')
      await listModels(context(options), stream)
    },
  )
  command(models, 'show <stream> [version]', 'show one in full', 'plumbline models show servers').action(
    async (stream: string, version: string | undefined, options: Options) => {
      const { showModel } = await import('./commands/models.ts')
      await showModel(context(options), stream, version ?? null)
    },
  )
  command(
    models,
    'promote <stream> <version>',
    'make a version the champion',
    'plumbline models promote servers 3fa9',
  ).action(async (stream: string, version: string, options: Options) => {
    const { promoteModel } = await import('./commands/models.ts')
    await promoteModel(context(options), stream, version)
  })
  command(models, 'rollback <stream>', 'go back to the previous champion', 'plumbline models rollback servers').action(
    async (stream: string, options: Options) => {
      const { rollbackModel } = await import('./commands/models.ts')
      await rollbackModel(context(options), stream)
    },
  )
  const audited = 'plumbline audit servers ./streams'
  command(root, 'audit <stream> [specs...]', 'recompute every verdict and hold it against the log', audited).action(
    async (stream: string, specs: string[], options: Options) => {
      const { auditCommand } = await import('./commands/audit.ts')
      await auditCommand(context(options), stream, specs)
    },
  )
  const dlq = root.command('dlq').description('rejected records')
  command(dlq, 'list', 'a line a rejected record', 'plumbline dlq list').action(async (options: Options) => {
    const { listRejects } = await import('./commands/dlq.ts')
    await listRejects(context(options))
  })
  command(dlq, 'show <id>', 'one rejected record in full', 'plumbline dlq show 3fa9c1 --raw')
    .option('--raw', 'with key, value and headers, in base64')
    .action(async (id: string, options: Options) => {
      const { showReject } = await import('./commands/dlq.ts')
      await showReject(context(options), id, options['raw'] === true ? 'raw' : 'masked')
    })
}
