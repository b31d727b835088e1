// Command: runs a program to its end and says what it wrote. A program that fails is an answer here; `said` makes it an error.

import { spawn } from 'node:child_process'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
  readonly timeoutMs?: number
}

const timeoutMsDefault = 120_000

/** Code 127 where there is no such program, 124 where it took too long, as in a shell. */
export function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { environment = {}, folder, timeoutMs = timeoutMsDefault } = options
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      ...(folder === undefined ? {} : { cwd: folder }),
    })
    const written = { out: '', error: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.error += text))
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeoutMs)
    child.once('error', ({ message }) => {
      clearTimeout(timer)
      resolve({ ...written, code: 127, error: message })
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ ...written, code: late ? 124 : (code ?? 1) })
    })
  })
}

/** What the program wrote to its standard output; an error with the end of everything it wrote where it failed. */
export async function said(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, out, error } = await command(program, args, options)
  if (code === 0) return out
  throw new Error(`${program} ${args.slice(0, 4).join(' ')} … ended with ${code}:\n${`${out}\n${error}`.slice(-3000)}`)
}

export async function exists(program: string): Promise<boolean> {
  return (await command('sh', ['-c', 'command -v "$0"', program])).code === 0
}
