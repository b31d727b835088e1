// Champion: follows the detectors topic and keeps the detector that is in force for one stream. What fails a check leaves
// the old one serving and is said on the log and the metrics (I9).

import type { Bus, Following } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { load } from '../../libs/detector/load.ts'
import { Publications } from '../../libs/detector/publication.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { InForce } from '../../libs/task/task.ts'

export interface ChampionOptions {
  readonly bus: Bus
  readonly stream: Stream
  readonly detectorsTopic: string
  readonly metrics: Metrics
  readonly log: Log
  readonly onChange: (inForce: InForce) => void
}

export interface ChampionFollower {
  /** Null while there is no detector for the stream's revision. */
  readonly inForce: InForce | null
  stop(): Promise<void>
}

/** Resolves once every detector published so far has been seen. */
export async function followChampion(options: ChampionOptions): Promise<ChampionFollower> {
  const { bus, stream, detectorsTopic, metrics, log, onChange } = options
  const name = stream.spec.stream
  const publications = new Publications()
  let inForce: InForce | null = null
  let considered = ''
  let caughtUp = false

  const consider = (): void => {
    const champion = publications.champion(name)
    if (champion === null) return
    const { pointer, artefact } = champion
    const identity = `${pointer.version}@${pointer.threshold}`
    if (identity === considered) return
    considered = identity
    if (pointer.revision !== stream.revision) {
      log.info('detector-of-other-revision', { stream: name, version: pointer.version, revision: pointer.revision })
      return
    }
    try {
      const detector =
        inForce?.detector.version === pointer.version
          ? inForce.detector
          : load(artefact, { version: pointer.version, revision: stream.revision })
      inForce = { detector, threshold: pointer.threshold ?? detector.threshold }
    } catch (thrown) {
      const failure = Failure.of(thrown, 'artefact-invalid')
      metrics.swap(name, 'refused')
      log.error('detector-refused', {
        stream: name,
        version: pointer.version,
        code: failure.code,
        message: failure.message,
      })
      return
    }
    metrics.swap(name, 'swapped')
    metrics.serving(name, pointer.version, inForce.threshold, pointer.publishedMs)
    metrics.alarmTarget(name, inForce.detector.pValue(inForce.threshold))
    log.info('detector-serving', { stream: name, version: pointer.version, threshold: inForce.threshold })
    onChange(inForce)
  }

  const following: Following = await bus.follow(detectorsTopic, (_partition, records) => {
    publications.take(records)
    // During catch-up only the last pointer matters; each one on the way need not be loaded.
    if (caughtUp) consider()
  })
  await following.caughtUp
  caughtUp = true
  consider()
  return {
    get inForce() {
      return inForce
    },
    stop: () => following.stop(),
  }
}
