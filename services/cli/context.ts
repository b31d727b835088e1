// Context: what main hands to every command: time, files, settings, where words go, and when to stop. Commands touch nothing else
// of the process.

import type { Clock } from '../../libs/core/clock.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Settings } from '../../libs/run/settings.ts'
import type { StopSignals } from '../../libs/run/shutdown.ts'
import type { Files } from './files.ts'

export interface Context {
  readonly settings: Settings
  readonly clock: Clock
  readonly files: Files
  readonly log: Log
  /** A line for people or, with --json, a JSON line, to standard output. */
  readonly say: (line: string) => void
  /** Progress and other words about the work, to standard error; nothing when it is no terminal. */
  readonly progress: (line: string) => void
  readonly json: boolean
  /** From the first call on SIGINT and SIGTERM drain; a command that never calls it is ended by them. */
  readonly stopSignals: () => StopSignals
  /** Root of the installed project, for its examples. */
  readonly home: string
  readonly version: string
  /** Random, this process's own: tells processes apart to the brokers. */
  readonly instance: string
}
