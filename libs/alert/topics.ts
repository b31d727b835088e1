// Topics: the names of everything Plumbline writes, from the prefix and the stream, and the settings they need.

export interface Topics {
  readonly alerts: string
  readonly rejects: string
  /** Of this stream alone, with as many partitions as its input. */
  readonly state: string
  readonly detectors: string
  readonly feedback: string
  readonly decisions: string
  readonly control: string
  readonly events: string
  readonly scores: string
}

export function topics(prefix: string, stream: string): Topics {
  return {
    alerts: `${prefix}.alerts`,
    rejects: `${prefix}.rejects`,
    state: `${prefix}.state.${stream}`,
    detectors: `${prefix}.detectors`,
    feedback: `${prefix}.feedback`,
    decisions: `${prefix}.decisions`,
    control: `${prefix}.control`,
    events: `${prefix}.events`,
    scores: `${prefix}.scores`,
  }
}

/** The consumer group of a stream; its transactional ids begin with it. */
export function groupOf(prefix: string, stream: string): string {
  return `${prefix}.${stream}`
}

/** The transactional id under which the champion of a stream is changed. */
export function registryIdOf(prefix: string, stream: string): string {
  return `${prefix}.registry.${stream}`
}

const DAY_MS = 86_400_000
/** Rejects hold raw data: they are not kept for long. */
const REJECTS_RETENTION_MS = 3 * DAY_MS

export interface TopicShape {
  readonly topic: string
  readonly partitions: number
  readonly cleanup: 'compact' | 'delete'
  /** null = the broker's default. */
  readonly retentionMs: number | null
  /** Retention goes by the time of appending: alerts of replayed history are old by their own. */
  readonly timestamps?: 'append'
}

/**
 * What has to exist for a stream to be served. Topics that streams share have one partition unless somebody made them with
 * more: alerts are rare, and one partition keeps them in one order.
 */
export function topicShapes(names: Topics, inputPartitions: number): TopicShape[] {
  const kept = (topic: string, retentionMs: number | null = null): TopicShape => {
    return { topic, partitions: 1, cleanup: 'delete', retentionMs, timestamps: 'append' }
  }
  const compacted = (topic: string, partitions = 1): TopicShape => {
    return { topic, partitions, cleanup: 'compact', retentionMs: null }
  }
  return [
    kept(names.alerts),
    kept(names.rejects, REJECTS_RETENTION_MS),
    compacted(names.state, inputPartitions),
    compacted(names.detectors),
    compacted(names.feedback),
    compacted(names.decisions),
    kept(names.control),
    kept(names.events),
  ]
}
