// Severity: how far a score lies beyond its threshold, in three words. A closed set: alert field and metric label alike.

export const severities = ['minor', 'major', 'critical'] as const
export type Severity = (typeof severities)[number]

/** score ÷ threshold from which an alert is no longer minor, and from which it is critical. */
export const MAJOR_RATIO_MIN = 1.5
export const CRITICAL_RATIO_MIN = 3

/** A threshold of 0 leaves no ratio: every score above it is critical. */
export function severityOf(score: number, threshold: number): Severity {
  if (score >= threshold * CRITICAL_RATIO_MIN) return 'critical'
  return score >= threshold * MAJOR_RATIO_MIN ? 'major' : 'minor'
}
