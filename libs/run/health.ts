// Health: what /live and /ready answer, as a pure function of a plain value. Main holds the value and replaces it as things
// happen; nothing here remembers.
// Live: the loop turns (or nobody could answer) and no part is stuck or has failed. Ready: every part has its partitions, has
// restored its state and runs. A stream that is still learning is ready: it judges its records `learning`.

export type PartState =
  /** Not serving yet; `waitsFor` says for what (assignment, state, registry). */
  | { readonly kind: 'starting'; readonly waitsFor: string }
  /** `waiting` records are known to wait; `progressedMs` is when one was last judged and committed, or the part began. */
  | { readonly kind: 'running'; readonly waiting: number; readonly progressedMs: number }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Health {
  readonly draining: boolean
  /** By name: `scorer cards/0`, `trainer`, … */
  readonly parts: Readonly<Record<string, PartState>>
}

export const healthAtStart: Health = { draining: false, parts: {} }

/** A part that has records waiting and has not moved for so long is stuck; a restart is then more likely to help than to harm. */
export const STALLED_MS_MAX = 300_000

export function withPart(health: Health, name: string, state: PartState): Health {
  return { ...health, parts: { ...health.parts, [name]: state } }
}

export function withoutPart(health: Health, name: string): Health {
  const { [name]: _gone, ...parts } = health.parts
  return { ...health, parts }
}

/** From now on not ready, whatever the parts say. */
export function draining(health: Health): Health {
  return { ...health, draining: true }
}

export interface Answer {
  readonly verdict: 'yes' | 'no'
  /** Why not, a line a part. */
  readonly reasons: readonly string[]
}

export function live(health: Health, nowMs: number): Answer {
  return answer(
    Object.entries(health.parts).flatMap(([name, state]) => {
      if (state.kind === 'failed') return [`${name} failed: ${state.reason}`]
      if (state.kind !== 'running' || state.waiting <= 0) return []
      const stillMs = nowMs - state.progressedMs
      if (stillMs <= STALLED_MS_MAX) return []
      return [`${name} has not moved for ${Math.round(stillMs / 1000)} s while ${state.waiting} records wait`]
    }),
  )
}

export function ready(health: Health): Answer {
  if (health.draining) return answer(['draining'])
  const parts = Object.entries(health.parts)
  if (parts.length === 0) return answer(['nothing has started yet'])
  return answer(
    parts.flatMap(([name, state]) => {
      switch (state.kind) {
        case 'starting':
          return [`${name} waits for ${state.waitsFor}`]
        case 'failed':
          return [`${name} failed: ${state.reason}`]
        case 'running':
          return []
        default:
          return state satisfies never
      }
    }),
  )
}

function answer(reasons: readonly string[]): Answer {
  return { verdict: reasons.length === 0 ? 'yes' : 'no', reasons }
}
