// Verdict: what was concluded of one record. Every consumed record gets exactly one. In the hot path a verdict is one
// byte, its outcome; kinds and reasons are closed sets, used as metric labels and header values as they stand.

export const verdictKinds = ['normal', 'anomalous', 'warming', 'learning', 'late', 'rejected'] as const
export type VerdictKind = (typeof verdictKinds)[number]

export const rejectReasons = [
  'undecodable', // the bytes do not follow the schema or are no JSON of the expected shape
  'unknown-schema', // the registry confirms that the schema id does not exist
  'wrong-key', // the record's own key is absent or differs from the key field
  'not-finite', // NaN, Infinity or beyond ±1e15 in a wanted field
  'imprecise', // an integer beyond ±(2^53 − 1)
  'missing', // a wanted field is null or absent and the spec says `missing: reject`
  'future', // event time more than an hour ahead of the record's timestamp
  'too-large', // the record exceeds the limit of bytes
  'batch-too-large', // a compressed batch inflates beyond the limit; one reject for its range of offsets
  'killer', // the record killed the process repeatedly
] as const
export type RejectReason = (typeof rejectReasons)[number]

/** One byte a record: the index of its kind, or REJECTED + the index of its reason. */
export const REJECTED = 16
export const NORMAL = 0
export const ANOMALOUS = 1
export const WARMING = 2
export const LEARNING = 3
export const LATE = 4
/** Number of distinct outcome bytes, for tables indexed by outcome. */
export const OUTCOMES = REJECTED + rejectReasons.length

export function rejected(reason: RejectReason): number {
  return REJECTED + rejectReasons.indexOf(reason)
}

export function kindOf(outcome: number): VerdictKind {
  return outcome >= REJECTED ? 'rejected' : (verdictKinds[outcome] ?? 'rejected')
}

/** The reason behind a rejected outcome; undefined for any other outcome. */
export function reasonOf(outcome: number): RejectReason | undefined {
  return outcome >= REJECTED ? rejectReasons[outcome - REJECTED] : undefined
}
