#!/usr/bin/env node
// Main: the shell. The one place that touches environment, clock, signals and streams of the process; hands them down as a context
// and turns what comes back into an exit code: 0 fine, 1 the world failed, 2 wrong usage or spec.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '../../libs/core/clock.ts'
import { Failure } from '../../libs/core/failure.ts'
import { log } from '../../libs/run/log.ts'
import { settings } from '../../libs/run/settings.ts'
import type { Context } from './context.ts'
import { files } from './files.ts'
import { type Invocation, program } from './program.ts'

/** The project's root: two folders above the compiled services. */
const home = path.resolve(import.meta.dirname, '../../..')

const clock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs)
    return () => clearTimeout(timer)
  },
}

function contextOf(invocation: Invocation): Context {
  const values = settings({
    env: process.env,
    flags: invocation.flags,
    readFile: (file) => readFileSync(file, 'utf8'),
  })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The first drains; whoever asks again does not want to wait.
      if (stop.signal.aborted) process.exit(1)
      stop.abort()
    })
  }
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
    signal: stop.signal,
    home,
    version: JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')).version,
  }
}

// A pipe that closes (`plumbline alerts | head`) ends the work; it is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

try {
  await program(process.argv, contextOf)
  process.exitCode ??= 0
} catch (thrown) {
  if (thrown instanceof Failure) {
    process.stderr.write(`plumbline: ${thrown.message}\n`)
    process.exitCode = thrown.exitCode
  } else {
    process.stderr.write(`plumbline: a bug: ${thrown instanceof Error ? thrown.stack : thrown}\n`)
    process.exitCode = 1
  }
}
process.exit()
