// Failure: the one class for what can go wrong in the world (broker, registry, disk, spec, artefact). A bad record is a
// verdict, not a failure; a bug is an assertion. `code` is closed: it is the metric label and the log field.

export const failureCodes = [
  'usage', // the command line or a setting is wrong
  'spec-invalid', // a stream spec is wrong
  'file-unreadable', // a file that was named cannot be read or is not what it should be
  'schema-invalid', // an Avro schema is wrong, too large or lacks a field
  'data-invalid', // a table given to `fit` or `score` cannot be used
  'broker-unreachable',
  'broker-refused', // reached, but it said no (authorisation, configuration)
  'topic-missing',
  'topic-mismatch', // partitions or settings contradict what is needed
  'fenced', // another process owns this task or log now
  'commit-unknown', // the outcome of a commit is not known; the task must be rebuilt
  'offset-lost', // committed offset is outside what the log still holds
  'state-mismatch', // ledger and committed offset disagree
  'log-corrupt',
  'log-owned', // the embedded log is owned by another process
  'registry-unreachable',
  'registry-refused',
  'artefact-invalid', // hash, shape, finiteness, limits or golden vectors
  'artefact-mismatch', // a good artefact of another revision
  'training-failed',
  'data-too-little', // not enough rows to learn or calibrate
  'promotion-lost', // compare-and-set on the champion failed
  'timeout',
  'stopped', // asked to stop
] as const
export type FailureCode = (typeof failureCodes)[number]

/** What failed in the world; `message` says what was found and what to do. */
export class Failure extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Failure'
    this.code = code
  }

  /** Narrows anything thrown; what is not yet a Failure becomes one with `code` and the text of the cause. */
  static of(thrown: unknown, code: FailureCode): Failure {
    if (thrown instanceof Failure) return thrown
    return new Failure(code, thrown instanceof Error ? thrown.message : String(thrown), thrown)
  }

  /** Exit code of a process that ends with this failure: 2 for wrong usage or spec, 1 for the world. */
  get exitCode(): 1 | 2 {
    switch (this.code) {
      case 'usage':
      case 'spec-invalid':
      case 'data-invalid':
      case 'schema-invalid':
      case 'file-unreadable':
        return 2
      default:
        return 1
    }
  }
}
