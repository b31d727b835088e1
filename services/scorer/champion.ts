// Champion: follows the detectors topic and keeps the detector that is in force for one stream. What fails a check leaves
// the old one serving and is said on the log and the metrics (I9).

import type { Bus, Following } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { detector } from '../../libs/detector/load.ts'
import { type Champion, Publications } from '../../libs/detector/publication.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { InForce } from '../../libs/task/task.ts'
import { verifier } from './verify.ts'

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
  let considering: Promise<void> = Promise.resolve()
  const checks = verifier()

  const detectorOf = async ({ pointer, artefact }: Champion): Promise<Detector> =>
    inForce?.detector.version === pointer.version
      ? inForce.detector
      : detector(await checks.verify(artefact, pointer.version, stream.revision), pointer.version)

  const consider = async (): Promise<void> => {
    const champion = publications.champion(name)
    if (champion === null) return
    const { pointer } = champion
    const identity = `${pointer.version}@${pointer.threshold}`
    if (identity === considered) return
    considered = identity
    if (pointer.revision !== stream.revision) {
      log.info('detector-of-other-revision', { stream: name, version: pointer.version, revision: pointer.revision })
      return
    }
    try {
      const checked = await detectorOf(champion)
      inForce = { detector: checked, threshold: pointer.threshold ?? checked.threshold }
    } catch (thrown) {
      const failure = Failure.of(thrown, 'artefact-invalid')
      if (failure.code === 'stopped') return
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
    if (caughtUp) considering = considering.then(consider)
  })
  await following.caughtUp
  caughtUp = true
  considering = consider()
  await considering
  return {
    get inForce() {
      return inForce
    },
    stop: async () => {
      await following.stop()
      await checks.stop()
      await considering
    },
  }
}
