// Child: a scorer process under test: started as a user would, watched by its log, killed without warning.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ChildLine {
  readonly event: string
  readonly [field: string]: unknown
}

export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Set<{
    readonly matches: (line: ChildLine) => boolean
    readonly found: (line: ChildLine) => void
  }>()
  /** Partitions whose transaction was formed and not seen to end. */
  readonly #open = new Set<unknown>()
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  readonly lines: string[] = []
  /** The detector in force, by what it said last. */
  serves: string | null = null

  constructor(main: string, args: readonly string[], env: Record<string, string>) {
    this.#process = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, ...env, PLUMBLINE_LOG_LEVEL: 'debug' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve({ code, signal }))
    })
    createInterface({ input: this.#process.stderr as NodeJS.ReadableStream }).on('line', (text) => this.#take(text))
  }

  /** Resolves with the first line from now on that matches; null if the process ends first. */
  async line(matches: (line: ChildLine) => boolean): Promise<ChildLine | null> {
    const found = new Promise<ChildLine>((resolve) => this.#waiting.add({ matches, found: resolve }))
    return await Promise.race([found, this.exited.then(() => null)])
  }

  /** SIGKILL; answers whether a transaction was open, by all that the process said before it died. */
  async kill(): Promise<boolean> {
    this.#process.kill('SIGKILL')
    await this.exited
    return this.#open.size > 0
  }

  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    return (await this.exited).code
  }

  #take(text: string): void {
    this.lines.push(text)
    if (this.lines.length > 200) this.lines.shift()
    let line: ChildLine
    try {
      line = JSON.parse(text)
    } catch {
      return
    }
    if (line.event === 'detector-serving') this.serves = String(line['version'])
    if (line.event === 'committing') this.#open.add(line['partition'])
    if (line.event === 'committed') this.#open.delete(line['partition'])
    for (const waiter of this.#waiting) {
      if (!waiter.matches(line)) continue
      this.#waiting.delete(waiter)
      waiter.found(line)
    }
  }
}
