// Panels: what the dashboard shows, as a table: which question, in which unit, by which expressions. `$stream` is the
// choice of the one who looks.

export interface Query {
  readonly expr: string
  readonly legend: string
}

export interface PanelRow {
  readonly title: string
  readonly kind: 'stat' | 'timeseries' | 'stacked'
  readonly unit: string
  readonly help: string
  readonly queries: readonly Query[]
}

export interface Section {
  readonly title: string
  readonly panels: readonly PanelRow[]
}

const of = '{stream=~"$stream"}'

const lines = (
  title: string,
  unit: string,
  help: string,
  ...queries: readonly [expr: string, legend: string][]
): PanelRow => ({
  title,
  kind: 'timeseries',
  unit,
  help,
  queries: queries.map(([expr, legend]) => ({ expr, legend })),
})
const stacked = (title: string, unit: string, help: string, expr: string, legend: string): PanelRow => ({
  title,
  kind: 'stacked',
  unit,
  help,
  queries: [{ expr, legend }],
})
const stat = (title: string, unit: string, help: string, expr: string): PanelRow => ({
  title,
  kind: 'stat',
  unit,
  help,
  queries: [{ expr, legend: '{{stream}}' }],
})

const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket${of}[$__rate_interval])))`

export const sections: readonly Section[] = [
  {
    title: 'At a glance',
    panels: [
      stat(
        'Records',
        'cps',
        'Records judged a second.',
        `sum by (stream) (rate(plumbline_records_consumed_total${of}[$__rate_interval]))`,
      ),
      stat(
        'Alerts, last hour',
        'short',
        'Alerts committed within the last hour.',
        `sum by (stream) (increase(plumbline_alerts_published_total${of}[1h]))`,
      ),
      stat(
        'Lag',
        's',
        'How long the oldest waiting record has waited; 0 where nothing waits.',
        `max by (stream) (plumbline_consumer_lag_seconds${of})`,
      ),
      stat(
        'Alarm rate ÷ budget',
        'short',
        '1 is what the spec asks for; alerts are raised below ½ and above 2.',
        `max by (stream) (plumbline_alarm_rate_ratio${of})`,
      ),
      stat(
        'Age of the detector',
        's',
        'Since the detector in force was trained.',
        `time() - max by (stream) (plumbline_detector_trained_timestamp_seconds${of})`,
      ),
      stat(
        'Rejected',
        'percentunit',
        'Share of the records that cannot be judged.',
        `sum by (stream) (rate(plumbline_rejects_total${of}[$__rate_interval])) / sum by (stream) (rate(plumbline_records_consumed_total${of}[$__rate_interval]))`,
      ),
    ],
  },
  {
    title: 'Judging',
    panels: [
      stacked(
        'Verdicts',
        'cps',
        'Every record gets exactly one.',
        `sum by (kind) (rate(plumbline_verdicts_total${of}[$__rate_interval]))`,
        '{{kind}}',
      ),
      stacked(
        'Alerts',
        'cps',
        'Alerts committed, by severity.',
        `sum by (severity) (rate(plumbline_alerts_published_total${of}[$__rate_interval]))`,
        '{{severity}}',
      ),
      lines(
        'Score ÷ threshold',
        'short',
        'Quantiles of all scores; above 1 is anomalous.',
        [quantile(0.5, 'plumbline_score_ratio', 'stream'), '{{stream}} p50'],
        [quantile(0.9, 'plumbline_score_ratio', 'stream'), '{{stream}} p90'],
        [quantile(0.99, 'plumbline_score_ratio', 'stream'), '{{stream}} p99'],
      ),
      lines('Alarm rate ÷ budget', 'short', 'Realised alarm rate over the rate that the spec asks for.', [
        `max by (stream) (plumbline_alarm_rate_ratio${of})`,
        '{{stream}}',
      ]),
      stacked(
        'Rejects',
        'cps',
        'Records that could not be judged, by reason; they are kept on the rejects topic.',
        `sum by (reason) (rate(plumbline_rejects_total${of}[$__rate_interval]))`,
        '{{reason}}',
      ),
      lines(
        'Event to alert',
        's',
        'From the event time of an anomalous record to the commit of its alert.',
        [quantile(0.5, 'plumbline_end_to_end_latency_seconds', 'stream'), '{{stream}} p50'],
        [quantile(0.99, 'plumbline_end_to_end_latency_seconds', 'stream'), '{{stream}} p99'],
      ),
    ],
  },
  {
    title: 'Keeping up',
    panels: [
      lines('Records waiting', 'short', 'Not yet judged, by partition.', [
        `max by (stream, partition) (plumbline_consumer_lag_records${of})`,
        '{{stream}} {{partition}}',
      ]),
      lines('Time of a batch, p99', 's', 'Of one batch, by stage.', [
        quantile(0.99, 'plumbline_batch_duration_seconds', 'stage'),
        '{{stage}}',
      ]),
      lines('Since the last commit', 's', 'Since records of the stream were last judged and committed.', [
        `time() - max by (stream) (plumbline_last_record_processed_timestamp_seconds${of})`,
        '{{stream}}',
      ]),
      lines(
        'Buffers',
        'bytes',
        'Fetched and not yet judged; partitions are paused at the limit.',
        ['sum by (instance) (plumbline_buffered_bytes)', '{{instance}}'],
        ['sum by (instance) (plumbline_buffer_limit_bytes)', '{{instance}} limit'],
      ),
      stacked(
        'Transactions',
        'cps',
        'By how they ended.',
        'sum by (result) (rate(plumbline_transactions_total[$__rate_interval]))',
        '{{result}}',
      ),
      lines('Rebalances', 'short', 'Changes of the assigned partitions, in five minutes.', [
        'sum by (instance) (increase(plumbline_rebalances_total[5m]))',
        '{{instance}}',
      ]),
    ],
  },
  {
    title: 'Learning',
    panels: [
      lines(
        'Rows to learn from',
        'short',
        'Before the first detector: rows seen, and rows needed.',
        [`max by (stream) (plumbline_learning_rows${of})`, '{{stream}} seen'],
        [`max by (stream) (plumbline_learning_rows_needed${of})`, '{{stream}} needed'],
      ),
      stacked(
        'Trainings',
        'short',
        'In a day, by result and by the gate that refused.',
        `sum by (result, gate) (increase(plumbline_train_runs_total${of}[1d]))`,
        '{{result}} {{gate}}',
      ),
      lines('Time of a training, p90', 's', 'From replay to gate, over a day.', [
        `histogram_quantile(0.9, sum by (le, stream) (rate(plumbline_train_duration_seconds_bucket${of}[1d])))`,
        '{{stream}}',
      ]),
      lines(
        'Drift of features',
        'short',
        'Population stability index of rows of late beside those learnt from; 0.2 and more matters.',
        [`max by (stream, feature) (plumbline_feature_drift${of})`, '{{stream}} {{feature}}'],
      ),
      lines(
        'Drift',
        'short',
        'What has moved furthest over its limit, above 1 it has drifted; and how far scores have moved, 0 to 1.',
        [`max by (stream) (plumbline_drift_ratio${of})`, '{{stream}} ÷ limit'],
        [`max by (stream) (plumbline_score_drift${of})`, '{{stream}} scores'],
      ),
      lines('Threshold', 'short', 'Of the detector in force.', [
        `max by (stream) (plumbline_threshold${of})`,
        '{{stream}}',
      ]),
      lines(
        'Threshold ÷ detector’s own',
        'short',
        'Greatest of the partitions: above 1 where what is normal has changed, or an adaptive tail has moved; and changes in an hour.',
        [`max by (stream) (plumbline_threshold_ratio${of})`, '{{stream}}'],
        [`sum by (stream) (increase(plumbline_regime_changes_total${of}[1h]))`, '{{stream}} changes'],
      ),
      lines('Detectors in force', 'short', 'One line a version.', [
        `max by (stream, version) (plumbline_detector_info${of})`,
        '{{stream}} {{version}}',
      ]),
      stacked(
        'Detectors offered',
        'short',
        'In a day, by what became of them.',
        `sum by (result) (increase(plumbline_detector_swaps_total${of}[1d]))`,
        '{{result}}',
      ),
    ],
  },
  {
    title: 'State and process',
    panels: [
      lines('Keys held', 'short', 'Keys whose state is held.', [
        `sum by (stream) (plumbline_state_keys${of})`,
        '{{stream}}',
      ]),
      lines('Keys forgotten', 'cps', 'Because there were more than `keysMax`.', [
        `sum by (stream) (rate(plumbline_state_evictions_total${of}[$__rate_interval]))`,
        '{{stream}}',
      ]),
      stacked(
        'Schema registry',
        'cps',
        'Requests by result.',
        'sum by (result) (rate(plumbline_registry_requests_total[$__rate_interval]))',
        '{{result}}',
      ),
      lines('Memory', 'bytes', 'Resident.', ['process_resident_memory_bytes{job="plumbline"}', '{{instance}}']),
      lines('Processor', 'percentunit', 'Of one core.', [
        'rate(process_cpu_seconds_total{job="plumbline"}[$__rate_interval])',
        '{{instance}}',
      ]),
      lines('Event loop, p99', 's', 'How late timers fire.', [
        'nodejs_eventloop_lag_p99_seconds{job="plumbline"}',
        '{{instance}}',
      ]),
      lines('Versions', 'short', 'Of the program.', ['count by (version) (plumbline_build_info)', '{{version}}']),
    ],
  },
]
