// Process: the command line as a user runs it: a process of its own, watched by what it prints.

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

const main = path.resolve(import.meta.dirname, '../../services/cli/main.js')

export interface Exited {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class Plumbline {
  readonly #process: ChildProcess
  readonly #watchers = new Set<() => void>()
  readonly exited: Promise<Exited>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], cwd: string) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLUMBLINE_')))
    this.#process = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#tell()
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#tell()
    })
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr })
        this.#tell()
      })
    })
  }

  /** Resolves when what was printed so far matches; rejects with all of it if the process ends first. */
  async until(matches: (own: Plumbline) => boolean): Promise<void> {
    let over = false
    this.exited.then(() => {
      over = true
      this.#tell()
    })
    while (!matches(this)) {
      if (over) throw new Error(`ended before it said what was waited for:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => {
        const tell = (): void => {
          this.#watchers.delete(tell)
          resolve()
        }
        this.#watchers.add(tell)
      })
    }
  }

  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    this.#process.kill(name)
  }

  /** As who reads only the beginning (`… | head`). */
  closeStdout(): void {
    this.#process.stdout?.destroy()
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}

export function plumbline(args: readonly string[], cwd: string): Promise<Exited> {
  return new Plumbline(args, cwd).exited
}
