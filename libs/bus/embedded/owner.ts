// Owner: which process holds an embedded log for writing. A process is known by its id and the time it started, so that a
// reused id is not taken for a living owner; one that cannot be seen from here (another container) is taken for dead, and
// the epoch that each owner adds fences it off at its next write.

import { readFileSync } from 'node:fs'

export interface Identity {
  readonly pid: number
  /** Start of the process in the system's clock ticks; empty where the system does not tell. */
  readonly started: string
}

/** Position of the start time among the fields after the process's name, which may itself hold blanks. */
const STARTED_FIELD = 19

export function ownIdentity(): Identity {
  return { pid: process.pid, started: startOf(process.pid) ?? '' }
}

export function isAlive(identity: Identity): boolean {
  const started = startOf(identity.pid)
  if (started !== null) return started === identity.started
  if (identity.started !== '') return false
  try {
    process.kill(identity.pid, 0)
    return true
  } catch (thrown) {
    // EPERM: it lives, under another user.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED_FIELD] ?? null
  } catch {
    return null
  }
}
