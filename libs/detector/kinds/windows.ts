// Windows: the members of an ensemble for rows that are windows. Both see trailing means (lens.ts); the one remembers them,
// the other knows which go together. What each says of held-out rows comes with them: their blocks are more than a fit from
// the beginning would allow (held.ts).

import type { DetectorSetting } from '../../stream/spec.ts'
import { surprising } from '../surprise.ts'
import { componentsMember } from './components.ts'
import type { OnProgress } from './held.ts'
import type { Fitted, KindOptions, TrainingRows } from './kind.ts'
import { seenBy } from './lens.ts'
import { netMember } from './net.ts'

/** Nearly the mean of both: on telemetry the loudest alone (1) found less, .47 instead of .51 of the volume. */
const sharpness = 0.1
/**
 * Scores are squares of distances, and a history of few windows that do not overlap has not seen how far normal ones drift:
 * what it was never as far as by this factor is not yet an anomaly, (1 + margin · √(steps / rows))². Found on valves with
 * 337 windows of 64 steps, where 1.56 times the largest distance is what keeps the false alarms below 15 %.
 */
const margin = 1.3

/** Windows that are remembered. */
const storedMax: Readonly<Record<DetectorSetting, number>> = { fast: 512, balanced: 2048, best: 4096 }

export function windows(rows: TrainingRows, { steps, seed, setting, onProgress }: KindOptions): Fitted {
  const seen = seenBy(rows, steps)
  const half = (done: number): OnProgress => {
    return (share, loss) => onProgress(done + share / 2, loss)
  }
  const net = netMember(seen, steps, storedMax[setting], half(0))
  const heard = [net, componentsMember(seen, steps, seed, half(0.5))].filter((each) => each !== null)
  return {
    members: heard.map(({ member }) => member),
    together: (held) =>
      surprising(
        sharpness,
        heard.map(() => 1),
        held,
      ),
    held: {
      scores: heard.map(({ held }) => held),
      margin: (1 + margin * Math.sqrt(steps / rows.count)) ** 2,
    },
    backend: 'none',
    losses: [],
  }
}
