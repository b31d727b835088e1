#!/usr/bin/env node
// Main: the shell. The one place that touches environment, clock, signals and streams of the process; hands them down as a context
// and turns what comes back into an exit code: 0 fine, 1 the world failed, 2 wrong usage or spec. Ctrl-C once drains,
// twice ends at once with 1.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '../../libs/core/clock.ts'
import { Failure } from '../../libs/core/failure.ts'
import { log } from '../../libs/run/log.ts'
import { settings } from '../../libs/run/settings.ts'
import { type StopSignals, stopSignals } from '../../libs/run/shutdown.ts'
import type { Context } from './context.ts'
import { files } from './files.ts'
import { type Invocation, program } from './program.ts'

/** The project's root, wherever it was compiled to. */
const home = homeOf(import.meta.dirname)

function homeOf(folder: string): string {
  if (existsSync(path.join(folder, 'package.json')) || folder === path.dirname(folder)) return folder
  return homeOf(path.dirname(folder))
}

const clock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs)
    return () => clearTimeout(timer)
  },
}

let asked: StopSignals | null = null

function listenForStop(): StopSignals {
  const signals = stopSignals((received) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, received)
  })
  // Whoever asks again does not want to wait for anything.
  signals.atOnce.addEventListener('abort', () => process.exit(1))
  return signals
}

/** One line for what the world did, the place in the code for what we did. */
function report(thrown: unknown): 1 | 2 {
  if (thrown instanceof Failure) {
    process.stderr.write(`plumbline: ${thrown.message}\n`)
    return thrown.exitCode
  }
  process.stderr.write(`plumbline: a bug: ${thrown instanceof Error ? thrown.stack : thrown}\n`)
  return 1
}

function contextOf(invocation: Invocation): Context {
  const values = settings({
    env: process.env,
    flags: invocation.flags,
    readFile: (file) => readFileSync(file, 'utf8'),
  })
  return {
    settings: values,
    clock,
    files,
    log: log({ level: values.logLevel, clock: clock.nowMs, write: (line) => process.stderr.write(line) }),
    say: (line) => process.stdout.write(`${line}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`${line}\n`)
    },
    json: invocation.json,
    stopSignals: () => {
      asked ??= listenForStop()
      return asked
    },
    home,
    version: JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')).version,
    instance: randomBytes(4).toString('hex'),
  }
}

// A pipe that closes (`plumbline alerts | head`) ends the work; it is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

// What fails where nobody waits for it ends the process, as a service manager expects.
process.on('uncaughtException', (thrown) => process.exit(report(thrown)))

try {
  await program(process.argv, contextOf)
  process.exitCode ??= 0
} catch (thrown) {
  process.exitCode = report(thrown)
}
// A pipe takes 64 KB at once, and an exit would lose what it has not taken yet.
for (const stream of [process.stdout, process.stderr]) await new Promise((written) => stream.write('', written))
process.exit()
