// Spec read: from the tree of a document to a Spec; sections and defaults in one place.

import {
  detectorKinds,
  detectorSettings,
  type FeatureSpec,
  lossKinds,
  type Spec,
  type TimeRange,
  tailKinds,
  thresholdScopes,
  windowedKinds,
} from './spec.ts'
import { readFeatures } from './spec-features.ts'
import { choice, decimal, duration, instant, text, whole } from './spec-rules.ts'
import { checkFields } from './spec-schema.ts'
import { readSource } from './spec-source.ts'
import {
  type Fault,
  fault,
  type Keys,
  type MapTree,
  mapOf,
  optional,
  type Rule,
  required,
  scalarAt,
  shown,
  type Tree,
} from './spec-tree.ts'
import { spanOf } from './stream-compile.ts'

const DAY_MS = 86_400_000
const defaults = {
  windowRows: 1,
  keysMax: 100_000,
  alarmRate: 0.001,
  everyMs: DAY_MS,
  historyMs: 7 * DAY_MS,
  rowsMin: 1_000,
  rowsMax: 50_000,
  feedbackDelayMs: 0,
  explain: 5,
} as const
const windowRowsMax = 1_024
/** Columns of a row, all steps: what a detector can reasonably be asked to learn. */
export const rowWidthMax = 8_192

const streamName = text(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/,
  'a name: a letter or digit, then up to 99 letters, digits, _ -',
)

const rootKeys: Keys = {
  known: ['stream', 'source', 'features', 'window', 'missing', 'keysMax', 'detector', 'training', 'delivery', 'alerts'],
  reserved: { privacy: 'rules of privacy are reserved and not built yet: leave `privacy` out' },
}
const spanWindows = 'windows by time are reserved and not built yet: say `window: { rows: 20 }`'

export function readSpec(tree: Tree, readText: (path: string) => string, faults: Fault[]): Spec | null {
  const root = mapOf(tree, rootKeys, tree, '', faults)
  if (root === null) return null
  const section = (name: string, keys: Keys): MapTree | null => {
    const part = root.entries.get(name)
    return part === undefined ? null : mapOf(part, keys, root, name, faults)
  }
  const window = section('window', {
    known: ['rows'],
    reserved: { span: spanWindows, every: spanWindows, fill: spanWindows },
  })
  const alerts = section('alerts', {
    known: ['format', 'explain'],
    reserved: { group: 'grouping of alerts is reserved and not built yet: leave `group` out' },
  })
  const rows = optional(window, 'rows', whole(1, windowRowsMax), defaults.windowRows, faults)
  const stream = required(root, 'stream', streamName, faults)
  const source = readSource(root, readText, faults)
  const features = readFeatures(root, faults)
  checkFields(root, source, faults)
  checkWidth(root, features, rows, faults)
  return {
    stream,
    source,
    features,
    window: { rows },
    missing: optional(root, 'missing', missingRule, { kind: 'impute' }, faults),
    keysMax: optional(root, 'keysMax', whole(1, 10_000_000), defaults.keysMax, faults),
    detector: readDetector(
      section('detector', { known: ['kind', 'setting', 'loss', 'thresholds', 'alarms', 'tail'], reserved: {} }),
      rows,
      faults,
    ),
    training: readTraining(
      section('training', {
        known: ['every', 'history', 'rowsMin', 'rowsMax', 'feedbackDelay', 'exclude'],
        reserved: {},
      }),
      faults,
    ),
    delivery: optional(root, 'delivery', choice(['exactly-once', 'at-least-once']), 'exactly-once', faults),
    alerts: {
      format: optional(alerts, 'format', choice(['avro', 'json']), 'avro', faults),
      explain: optional(alerts, 'explain', whole(1, 64), defaults.explain, faults),
    },
  }
}

function checkWidth(root: MapTree, features: readonly FeatureSpec[], rows: number, faults: Fault[]): void {
  const width = rows * features.reduce((sum, feature) => sum + spanOf(feature), 0)
  const at = root.entries.get('window') ?? root
  const expected = `at most ${rowWidthMax}: fewer features, or fewer rows`
  if (width > rowWidthMax) faults.push(fault(at, `a row of ${width} columns`, expected))
}

const missingRule: Rule<Spec['missing']> = {
  expected: 'impute, reject, or a number to stand in',
  accept: (value) => {
    if (value === 'impute' || value === 'reject') return { kind: value }
    return typeof value === 'number' && Math.abs(value) <= 1e15 ? { kind: 'constant', value } : undefined
  },
  blank: { kind: 'impute' },
  words: ['impute', 'reject'],
}

function readDetector(map: MapTree | null, rows: number, faults: Fault[]): Spec['detector'] {
  const kind = optional(map, 'kind', choice(detectorKinds), 'ensemble', faults)
  const stated = map?.entries.get('kind')
  if (stated !== undefined && rows === 1 && windowedKinds.includes(kind)) {
    const expected = 'a window for it to learn from, such as `window: { rows: 40 }`, or another kind'
    faults.push(fault(stated, `${kind} without a window`, expected))
  }
  const setting = optional(map, 'setting', choice(detectorSettings), 'balanced', faults)
  const statedSetting = map?.entries.get('setting')
  if (statedSetting !== undefined && kind !== 'ensemble')
    faults.push(fault(statedSetting, `a setting for ${kind}`, 'nothing: `kind: ensemble` alone has settings'))
  const loss = optional(map, 'loss', choice(lossKinds), 'squared', faults)
  const statedLoss = map?.entries.get('loss')
  if (statedLoss !== undefined && windowedKinds.includes(kind) && loss !== 'squared' && loss !== 'huber')
    faults.push(fault(statedLoss, `${loss} for ${kind}`, 'squared or huber for a kind that learns from windows'))
  return {
    kind,
    setting,
    loss,
    thresholds: optional(map, 'thresholds', choice(thresholdScopes), 'whole', faults),
    alarms: readAlarms(map, faults),
    tail: optional(map, 'tail', choice(tailKinds), 'fixed', faults),
  }
}

function readAlarms(detector: MapTree | null, faults: Fault[]): Spec['detector']['alarms'] {
  const tree = detector?.entries.get('alarms')
  if (tree === undefined || detector === null) return { kind: 'rate', rate: defaults.alarmRate }
  const map = mapOf(tree, { known: ['rate', 'perDay'], reserved: {} }, detector, 'alarms', faults)
  if (map === null) return { kind: 'rate', rate: defaults.alarmRate }
  const rate = map.entries.get('rate')
  const perDay = map.entries.get('perDay')
  if (rate !== undefined && perDay === undefined) return { kind: 'rate', rate: scalarAt(rate, decimal(0, 0.5), faults) }
  if (perDay !== undefined && rate === undefined) {
    return { kind: 'per-day', perDay: scalarAt(perDay, decimal(0, 1_000_000), faults) }
  }
  const found = rate === undefined ? 'neither' : 'both'
  faults.push({ path: map.path, line: map.line, found, expected: '`rate: 0.001` or `perDay: 20`', hint: null })
  return { kind: 'rate', rate: defaults.alarmRate }
}

function readTraining(map: MapTree | null, faults: Fault[]): Spec['training'] {
  const rowsMin = optional(map, 'rowsMin', whole(100, 10_000_000), defaults.rowsMin, faults)
  const rowsMax = optional(map, 'rowsMax', whole(100, 10_000_000), Math.max(defaults.rowsMax, rowsMin), faults)
  const stated = map?.entries.get('rowsMax')
  if (stated !== undefined && rowsMax < rowsMin) {
    const expected = `a number that is no less than rowsMin, ${rowsMin}`
    faults.push(fault(stated, shown(stated), expected))
  }
  return {
    everyMs: optional(map, 'every', duration('1s', '366d'), defaults.everyMs, faults),
    historyMs: optional(map, 'history', duration('1s', '3660d'), defaults.historyMs, faults),
    rowsMin,
    rowsMax,
    feedbackDelayMs: optional(map, 'feedbackDelay', duration('0s', '366d'), defaults.feedbackDelayMs, faults),
    exclude: readExcluded(map?.entries.get('exclude'), faults),
  }
}

function readExcluded(tree: Tree | undefined, faults: Fault[]): TimeRange[] {
  if (tree === undefined) return []
  if (tree.kind !== 'list') {
    faults.push(fault(tree, shown(tree), 'a list of { from, to, reason }'))
    return []
  }
  const ranges: TimeRange[] = []
  for (const item of tree.items) {
    const map = mapOf(item, { known: ['from', 'to', 'reason'], reserved: {} }, tree, '', faults)
    if (map === null) continue
    const before = faults.length
    const fromMs = required(map, 'from', instant, faults)
    const toMs = required(map, 'to', instant, faults)
    const reason = optional(map, 'reason', text(/^.{0,500}$/s, 'a text of at most 500 characters'), '', faults)
    if (faults.length === before && toMs <= fromMs) {
      faults.push(fault(item, '`to` that is not after `from`', 'a range of time'))
    }
    ranges.push({ fromMs, toMs, reason })
  }
  return ranges
}
