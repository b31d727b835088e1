// Metric table: every metric there is, declared once: name, type, labels, buckets and help. What emits them (metrics.ts),
// the documentation and the tests of dashboards and rules all read it.
// The law: prefix plumbline_, base units, `_total` on counters and on nothing else; labels are closed sets, names from spec
// files or partition numbers, never a key, a message or a field's value.

export interface MetricRow {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds, histograms only. */
  readonly buckets: readonly number[]
}

/** score ÷ threshold: five bounds a decade from 0.01 to 100; 1 is among them, so that `le="1"` is what was not alarming. */
const RATIO_BUCKETS = [
  0.01, 0.016, 0.025, 0.04, 0.063, 0.1, 0.16, 0.25, 0.4, 0.63, 1, 1.6, 2.5, 4, 6.3, 10, 16, 25, 40, 63, 100,
]
const STAGE_SECONDS_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const LATENCY_SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200]
const TRAIN_SECONDS_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]

const counter = (name: string, labels: readonly string[], help: string): MetricRow => {
  return { name: `plumbline_${name}_total`, type: 'counter', help, labels, buckets: [] }
}
const gauge = (name: string, labels: readonly string[], help: string): MetricRow => {
  return { name: `plumbline_${name}`, type: 'gauge', help, labels, buckets: [] }
}
const histogram = (name: string, labels: readonly string[], buckets: readonly number[], help: string): MetricRow => {
  return { name: `plumbline_${name}`, type: 'histogram', help, labels, buckets }
}

/** Every metric of ours, by what the code calls it. */
export const metricRows = {
  consumed: counter('records_consumed', ['stream'], 'Records judged, whatever the verdict.'),
  verdicts: counter('verdicts', ['stream', 'kind'], 'Verdicts by kind; every consumed record has exactly one.'),
  rejects: counter('rejects', ['stream', 'reason'], 'Rejected records by reason.'),
  alerts: counter('alerts_published', ['stream', 'severity'], 'Alerts committed, by severity.'),
  lagRecords: gauge('consumer_lag_records', ['stream', 'partition'], 'Records of the partition not yet judged.'),
  lagSeconds: gauge(
    'consumer_lag_seconds',
    ['stream'],
    'Now minus the time of the last committed record, of the partition furthest behind; 0 where nothing waits.',
  ),
  lastProcessed: gauge(
    'last_record_processed_timestamp_seconds',
    ['stream'],
    'When records of the stream were last judged and committed, by the clock of the scorer.',
  ),
  latency: histogram(
    'end_to_end_latency_seconds',
    ['stream'],
    LATENCY_SECONDS_BUCKETS,
    'From the event time of an anomalous record to the commit of its alert.',
  ),
  batchDuration: histogram(
    'batch_duration_seconds',
    ['stream', 'stage'],
    STAGE_SECONDS_BUCKETS,
    'Time that one batch spent in a stage.',
  ),
  scoreRatio: histogram(
    'score_ratio',
    ['stream'],
    RATIO_BUCKETS,
    'Scores divided by the threshold in force; above 1 is anomalous.',
  ),
  threshold: gauge('threshold', ['stream'], 'Score above which a row is anomalous, of the detector in force.'),
  thresholdRatio: gauge(
    'threshold_ratio',
    ['stream'],
    "The greatest threshold in force on a partition divided by the detector's own: above 1 after a change of regime, or where an adaptive tail has moved.",
  ),
  regimeChanges: counter(
    'regime_changes',
    ['stream'],
    'How often what is normal on a partition was found to have changed for good.',
  ),
  alarmRate: gauge(
    'alarm_rate_ratio',
    ['stream'],
    'Realised alarm rate of late divided by the rate asked for; absent while too few rows were judged.',
  ),
  detector: gauge('detector_info', ['stream', 'version'], 'Always 1; the version of the detector in force.'),
  trainedAt: gauge('detector_trained_timestamp_seconds', ['stream'], 'When the detector in force was trained.'),
  swaps: counter('detector_swaps', ['stream', 'result'], 'Detectors offered to the scorer, by what became of them.'),
  trainRuns: counter(
    'train_runs',
    ['stream', 'result', 'gate'],
    'Trainings by result, and by the gate that refused (none where no gate did).',
  ),
  trainDuration: histogram(
    'train_duration_seconds',
    ['stream'],
    TRAIN_SECONDS_BUCKETS,
    'Time of one training, from replay to gate.',
  ),
  featureDrift: gauge(
    'feature_drift',
    ['stream', 'feature'],
    'Population stability index of a feature: rows of late beside those that the detector learnt from; 0 is alike.',
  ),
  scoreDrift: gauge(
    'score_drift',
    ['stream'],
    'Greatest difference of the shares of scores up to a value, of late and when the detector learnt; 0 to 1.',
  ),
  driftRatio: gauge(
    'drift_ratio',
    ['stream'],
    'Greatest drift of a feature or the scores divided by the limit that chance sets it; above 1 it has drifted.',
  ),
  transactions: counter('transactions', ['result'], 'Transactions by how they ended.'),
  rebalances: counter('rebalances', [], 'Changes of the partitions assigned to this process.'),
  stateKeys: gauge('state_keys', ['stream'], 'Keys whose state is held.'),
  evictions: counter('state_evictions', ['stream'], 'Keys forgotten because the bound on keys was reached.'),
  buffered: gauge('buffered_bytes', [], 'Bytes fetched and not yet judged.'),
  bufferLimit: gauge('buffer_limit_bytes', [], 'Bytes that may wait before partitions are paused.'),
  registry: counter('registry_requests', ['result'], 'Requests to the schema registry by result.'),
  learningRows: gauge('learning_rows', ['stream'], 'Rows seen that the first detector can learn from.'),
  learningNeeded: gauge('learning_rows_needed', ['stream'], 'Rows that the first detector needs.'),
  build: gauge('build_info', ['version'], 'Always 1; the version of the program.'),
} as const satisfies Record<string, MetricRow>

export const metricTable: readonly MetricRow[] = Object.values(metricRows)

export const stages = ['decode', 'featurize', 'score', 'publish', 'commit'] as const
export type Stage = (typeof stages)[number]
export const transactionResults = ['committed', 'aborted', 'fenced', 'indefinite'] as const
export type TransactionResult = (typeof transactionResults)[number]
export const swapResults = ['swapped', 'refused'] as const
export type SwapResult = (typeof swapResults)[number]
export const trainResults = ['promoted', 'refused', 'failed'] as const
export type TrainResult = (typeof trainResults)[number]
export const registryResults = ['found', 'absent', 'failed'] as const
export type RegistryResult = (typeof registryResults)[number]
