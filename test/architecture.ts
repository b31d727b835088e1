// Architecture: the rules of the house as data, and `breaches`, which holds one source text against them. Pure; the test
// feeds it every source, and planted bad ones.

import path from 'node:path'
import { withoutComments, withoutTexts } from './source-text.ts'

/** A prefix of paths from the root. */
type Prefix = string

interface Room {
  readonly at: Prefix
  /** What it may import besides itself. */
  readonly imports: readonly Prefix[]
}

const CORE = 'libs/core/'

/** The most specific room of a file counts; a file outside of all is not declared. */
const rooms: readonly Room[] = [
  { at: 'libs/core/', imports: [] },
  { at: 'libs/codec/', imports: [CORE] },
  { at: 'libs/stream/', imports: [CORE, 'libs/codec/'] },
  { at: 'libs/detector/', imports: [CORE, 'libs/stream/'] },
  { at: 'libs/bus/', imports: [CORE] },
  { at: 'libs/alert/', imports: [CORE, 'libs/codec/', 'libs/stream/', 'libs/detector/'] },
  { at: 'libs/task/', imports: [CORE, 'libs/codec/', 'libs/stream/', 'libs/detector/', 'libs/alert/'] },
  { at: 'libs/run/', imports: [CORE] },
  { at: 'services/scorer/', imports: ['libs/'] },
  { at: 'services/trainer/', imports: ['libs/'] },
  { at: 'services/console/', imports: ['libs/'] },
  { at: 'services/notifier/', imports: ['libs/'] },
  { at: 'services/cli/', imports: ['libs/', 'services/', 'examples/'] },
  { at: 'examples/', imports: [CORE, 'libs/codec/'] },
  { at: 'examples/digits/', imports: [CORE, 'libs/detector/'] },
  { at: 'deploy/', imports: [CORE, 'libs/run/'] },
  { at: 'deploy/reference/', imports: [CORE, 'libs/run/', 'services/cli/'] },
  { at: 'test/', imports: [''] },
]

/** Who may import a package; nobody may import one that is not here. */
const doors: Readonly<Record<string, readonly Prefix[]>> = {
  '@grafana/grafana-foundation-sdk': ['deploy/grafana/'],
  '@tensorflow/tfjs-backend-cpu': ['libs/detector/tensorflow/'],
  '@tensorflow/tfjs-backend-wasm': ['libs/detector/tensorflow/'],
  '@tensorflow/tfjs-core': ['libs/detector/tensorflow/'],
  '@tensorflow/tfjs-node': ['libs/detector/tensorflow/'],
  assemblyscript: ['libs/detector/kernel/build.mjs'],
  avsc: ['libs/codec/avro'],
  commander: ['services/cli/'],
  kafkajs: ['libs/bus/kafka/'],
  lmdb: ['libs/bus/embedded/'],
  'lz4-napi': ['libs/bus/compression.ts'],
  'prom-client': ['libs/run/metrics.ts'],
  snappyjs: [],
  yaml: ['libs/stream/spec-parse.ts'],
}

/** Modules of Node that reach into the world, and where they may. Those not here (assert, util, path, url) reach nothing. */
const reaches: Readonly<Record<string, readonly Prefix[]>> = {
  'node:child_process': [],
  'node:cluster': [],
  'node:dgram': [],
  'node:dns': ['libs/bus/kafka/'],
  'node:fs': [
    'services/',
    'libs/bus/embedded/',
    'libs/detector/kernel/build.mjs',
    'libs/detector/tensorflow/',
    'examples/',
    'deploy/',
  ],
  'node:fs/promises': ['services/', 'libs/bus/embedded/', 'examples/', 'deploy/'],
  'node:http': ['libs/run/', 'services/'],
  'node:https': ['libs/run/', 'services/'],
  'node:net': ['libs/bus/kafka/', 'libs/run/', 'services/'],
  'node:os': ['services/', 'libs/detector/kernel/build.mjs'],
  'node:process': [],
  'node:timers': ['libs/bus/'],
  'node:timers/promises': ['libs/bus/'],
  'node:tls': ['libs/bus/kafka/'],
  'node:worker_threads': ['services/', 'libs/detector/tensorflow/'],
}

interface Ban {
  readonly what: RegExp
  readonly instead: string
  readonly applies: (file: string) => boolean
}

const within = (file: string, prefixes: readonly Prefix[]): boolean =>
  prefixes.some((prefix) => file.startsWith(prefix))
const isShell = (file: string): boolean => /^services\/.*\/main\.ts$/.test(file)
const isProduct = (file: string): boolean => within(file, ['libs/', 'services/', 'examples/', 'deploy/'])
/** Programs that build or write files are shells of their own. */
const isTool = (file: string): boolean =>
  file.endsWith('.mjs') || ['deploy/grafana/write.ts', 'examples/digits/main.ts'].includes(file)
const isPure = (file: string): boolean => isProduct(file) && !isShell(file) && !isTool(file)
/** Adapters of the bus schedule by timers; what they decide does not depend on them. */
const isAdapter = (file: string): boolean => file.startsWith('libs/bus/')
const isScoring = (file: string): boolean =>
  within(file, [
    'libs/core/',
    'libs/codec/',
    'libs/stream/',
    'libs/detector/',
    'libs/alert/',
    'libs/task/',
    'examples/',
  ]) && !file.startsWith('libs/detector/tensorflow/')

const bans: readonly Ban[] = [
  // Which process owns an embedded log is for the process itself to say.
  {
    what: /\bprocess\.(?:env|argv|pid|ppid|exit|exitCode|abort|on|once|off|kill|std(?:in|out|err)|cwd|chdir|hrtime|memoryUsage|cpuUsage|resourceUsage|uptime|nextTick|emitWarning|umask|platform|version)\b/,
    instead: 'values that main hands down',
    applies: (file) => isPure(file) && file !== 'libs/bus/embedded/owner.ts',
  },
  {
    what: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\s*\.\s*now\b/,
    instead: '`nowMs`, or the Clock that main hands down',
    applies: (file) => isPure(file) && file !== 'libs/bus/scheduler.ts',
  },
  {
    what: /\bset(?:Timeout|Interval|Immediate)\s*\(/,
    instead: 'Clock.after',
    applies: (file) => isPure(file) && !isAdapter(file),
  },
  {
    what: /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/,
    instead: 'Random from a seed (libs/core/random)',
    applies: isPure,
  },
  { what: /\bconsole\.\w+/, instead: 'libs/run/log, or the writer that main hands down', applies: isPure },
  {
    what: /\bMath\.(?:log|log1p|log2|log10|exp|expm1|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|cbrt|hypot)\b/,
    instead: 'libs/core/elementary, whose bits do not change with the engine',
    applies: isScoring,
  },
  { what: /\bas unknown as\b/, instead: 'a narrowing that is checked', applies: () => true },
  {
    what: /[:<|,]\s*any\b(?=\s*[;,)>=|\]{]|\s*$)|\bas any\b|\bany\[\]/,
    instead: 'unknown, narrowed',
    applies: (file) => file.endsWith('.ts'),
  },
  { what: /^\s*(?:export\s+)?(?:const\s+)?enum\s/m, instead: 'a list `as const`', applies: () => true },
  { what: /\bexport\s+default\b/, instead: 'a named export', applies: (file) => file.endsWith('.ts') },
  {
    what: /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/,
    instead: 'an import from the file that makes it: there are no barrels',
    applies: () => true,
  },
]

const drawers = /(?:^|-)(?:utils?|helpers?|common|types|shared|index|misc|impl|manager|service|base|abstract)(?:-|\.)/

/**
 * Numeric kernels: loops over typed arrays in which every index is in bounds by construction, and where `!` says so. To
 * list a file here is to claim that its loops were read with that in mind.
 */
const kernels: readonly string[] = [
  'libs/alert/alert.ts',
  'libs/bus/crc32c.ts',
  'libs/bus/lz4-length.ts',
  'libs/bus/murmur2.ts',
  'libs/bus/record-writer.ts',
  'libs/bus/run-builder.ts',
  'libs/bus/snappy.ts',
  'libs/codec/category.ts',
  'libs/codec/decimal.ts',
  'libs/codec/iso.ts',
  'libs/codec/json-scan.ts',
  'libs/codec/json.ts',
  'libs/codec/text-scratch.ts',
  'libs/core/elementary.ts',
  'libs/detector/adam.ts',
  'libs/detector/artefact-member.ts',
  'libs/detector/artefact.ts',
  'libs/detector/bend.ts',
  'libs/detector/blend.ts',
  'libs/detector/calibration-tail.ts',
  'libs/detector/calibration.ts',
  'libs/detector/code.ts',
  'libs/detector/combination.ts',
  'libs/detector/contributions.ts',
  'libs/detector/covariance.ts',
  'libs/detector/dense-layout.ts',
  'libs/detector/dense-plan.ts',
  'libs/detector/dense-trainer.ts',
  'libs/detector/drift-reference.ts',
  'libs/detector/drift.ts',
  'libs/detector/eigen.ts',
  'libs/detector/engine.ts',
  'libs/detector/expectation.ts',
  'libs/detector/explain.ts',
  'libs/detector/fit-scaler.ts',
  'libs/detector/fit-rows.ts',
  'libs/detector/fit.ts',
  'libs/detector/gate-anomalies.ts',
  'libs/detector/gate-recall.ts',
  'libs/detector/gate-rival.ts',
  'libs/detector/gate-shift.ts',
  'libs/detector/generate.ts',
  'libs/detector/kernel/twin-activation.ts',
  'libs/detector/kernel/twin-bend.ts',
  'libs/detector/kernel/twin-histogram.ts',
  'libs/detector/kernel/twin-logarithm.ts',
  'libs/detector/kernel/twin-nearest.ts',
  'libs/detector/kernel/twin-product.ts',
  'libs/detector/kernel/twin-rank.ts',
  'libs/detector/kernel/twin-recurrent.ts',
  'libs/detector/kernel/twin-sequence.ts',
  'libs/detector/kernel/twin-settle.ts',
  'libs/detector/kernel/twin-shares.ts',
  'libs/detector/kernel/twin-trail.ts',
  'libs/detector/kernel/twin.ts',
  'libs/detector/kinds/bent.ts',
  'libs/detector/kinds/cells.ts',
  'libs/detector/kinds/column.ts',
  'libs/detector/kinds/components.ts',
  'libs/detector/kinds/divergence.ts',
  'libs/detector/kinds/held.ts',
  'libs/detector/kinds/histogram.ts',
  'libs/detector/kinds/kind.ts',
  'libs/detector/kinds/lens.ts',
  'libs/detector/kinds/linear.ts',
  'libs/detector/kinds/low-rank.ts',
  'libs/detector/kinds/neighbours.ts',
  'libs/detector/kinds/net.ts',
  'libs/detector/kinds/network.ts',
  'libs/detector/kinds/noise.ts',
  'libs/detector/kinds/objective.ts',
  'libs/detector/kinds/ranked.ts',
  'libs/detector/kinds/sampling.ts',
  'libs/detector/kinds/scoring.ts',
  'libs/detector/kinds/sequence-network.ts',
  'libs/detector/lens.ts',
  'libs/detector/load.ts',
  'libs/detector/loss.ts',
  'libs/detector/noise-level.ts',
  'libs/detector/onset.ts',
  'libs/detector/members-divergence.ts',
  'libs/detector/members-neighbours.ts',
  'libs/detector/members-scoring.ts',
  'libs/detector/members-sequence.ts',
  'libs/detector/members-settle.ts',
  'libs/detector/orthonormal.ts',
  'libs/detector/packing.ts',
  'libs/detector/peaks.ts',
  'libs/detector/penalty.ts',
  'libs/detector/ranks.ts',
  'libs/detector/reconstruction.ts',
  'libs/detector/safetensors.ts',
  'libs/detector/sampler.ts',
  'libs/detector/select.ts',
  'libs/detector/shares.ts',
  'libs/detector/spoilt.ts',
  'libs/detector/suspects.ts',
  'libs/detector/trial.ts',
  'libs/detector/sequence/activation.ts',
  'libs/detector/sequence/convolution.ts',
  'libs/detector/sequence/products.ts',
  'libs/detector/sequence/recurrent.ts',
  'libs/detector/sequence/attention.ts',
  'libs/detector/members-attention.ts',
  'libs/detector/kernel/twin-attention.ts',
  'libs/detector/sequence/train.ts',
  'libs/detector/tensorflow/code.ts',
  'libs/detector/tensorflow/train-dense.ts',
  'libs/detector/threshold.ts',
  'libs/detector/train-on-kernel.ts',
  'libs/detector/two-sample.ts',
  'libs/run/histogram.ts',
  'libs/stream/admission.ts',
  'libs/stream/decay.ts',
  'libs/stream/eldest.ts',
  'libs/stream/fold.ts',
  'libs/stream/novelty-feature.ts',
  'libs/stream/novelty.ts',
  'libs/stream/operation.ts',
  'libs/stream/pack.ts',
  'libs/stream/pane.ts',
  'libs/stream/panes.ts',
  'libs/stream/placement.ts',
  'libs/stream/plain.ts',
  'libs/stream/slab.ts',
  'libs/stream/sliding.ts',
  'libs/stream/steps.ts',
  'libs/stream/write-column.ts',
  'libs/task/adaptive-tail.ts',
  'libs/task/regime.ts',
]

/** Every breach of the rules by one source, in words that name the file, what it does and what to do instead. */
export function breaches(file: string, text: string): string[] {
  const code = withoutComments(text)
  const bare = withoutTexts(code)
  const found: string[] = []
  const room = roomOf(file)
  if (room === undefined) return [`${file} is in no room that the table declares`]
  for (const target of importsOf(code, bare)) {
    const breach = importBreach(file, room, target)
    if (breach !== null) found.push(breach)
  }
  for (const { what, instead, applies } of bans) {
    const hit = applies(file) ? what.exec(bare) : null
    if (hit !== null) found.push(`${file}:${lineOf(bare, hit.index)} has \`${hit[0].trim()}\`: use ${instead}`)
  }
  if (drawers.test(path.basename(file)))
    found.push(`${file} is named for a drawer: name it for the one concept it holds`)
  if (!file.endsWith('.test.ts') && !/^(?:#!.*\n)?\/\/ \S.{15,}/.test(text))
    found.push(`${file} has no prologue: begin with a comment that says what it is`)
  const claim = (kernels.includes(file) ? nonNullElsewhere : nonNull).exec(bare)
  if (claim !== null && isProduct(file)) {
    found.push(
      `${file}:${lineOf(bare, claim.index)} claims \`${claim[0]}\`: only numeric kernels may, of what an index gives, and they are listed`,
    )
  }
  return found
}

/** Kernels that are gone or claim nothing any more. */
export function staleKernels(read: (file: string) => string | null): string[] {
  return kernels.filter((file) => {
    const text = read(file)
    return text === null || !nonNull.test(withoutTexts(withoutComments(text)))
  })
}

const nonNull = /[\w\])]!(?!=)(?=[\s.,;:)\]}[+*/%<>&|?-]|$)/m
const nonNullElsewhere = /(?:\w|(?<!\.at\([^()]{0,40})\))!(?!=)(?=[\s.,;:)\]}[+*/%<>&|?-]|$)/m

function roomOf(file: string): Room | undefined {
  return rooms.filter((room) => file.startsWith(room.at)).sort((a, b) => b.at.length - a.at.length)[0]
}

/** Found where texts are blank, so that a text that speaks of importing is none; read where they are not. */
function importsOf(code: string, bare: string): string[] {
  const targets: string[] = []
  for (const match of bare.matchAll(/\b(?:from|import|require)\s*\(?\s*['"]( +)['"]/g)) {
    const [whole, blank = ''] = match
    const at = match.index + whole.length - 1 - blank.length
    targets.push(code.slice(at, at + blank.length))
  }
  return targets
}

function importBreach(file: string, room: Room, target: string): string | null {
  if (target.startsWith('.')) {
    const resolved = path.posix.join(path.posix.dirname(file), target)
    if (resolved.startsWith(room.at) || within(resolved, room.imports)) return null
    return `${file} must not import ${resolved}: ${room.at} may import ${['itself', ...room.imports].join(', ')}`
  }
  if (room.at === 'test/') return null
  if (target.startsWith('node:')) {
    const permitted = reaches[target]
    if (permitted === undefined || isShell(file) || within(file, permitted)) return null
    return `${file} must not import ${target}: ${permitted.length === 0 ? 'only a main may' : permitted.join(', ')}`
  }
  const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '')
  const permitted = doors[name]
  if (permitted === undefined) return `${file} imports ${name}, which has no door`
  return within(file, permitted) ? null : `${file} must not import ${name}: its door is ${permitted.join(', ')}`
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}
