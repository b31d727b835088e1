// Windows: the members of an ensemble for rows that are windows. Both see trailing means (lens.ts); the one remembers them,
// the other knows which go together. What each says of held-out rows comes with them: their blocks are more than a fit from
// the beginning would allow (held.ts).

import { componentsMember } from './components.ts'
import type { Fitted, KindOptions, TrainingRows } from './kind.ts'
import { seenBy } from './lens.ts'
import { netMember } from './net.ts'

const sharpness = 1

export function windows(rows: TrainingRows, { steps, seed }: KindOptions): Fitted {
  const seen = seenBy(rows, steps)
  const heard = [netMember(seen, steps), componentsMember(seen, steps, seed)].filter((each) => each !== null)
  return {
    members: heard.map(({ member }) => member),
    held: heard.map(({ held }) => held),
    voices: { sharpness, weights: heard.map(() => 1) },
    backend: 'none',
    losses: [],
  }
}
