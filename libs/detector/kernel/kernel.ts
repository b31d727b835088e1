// Kernel: memory of a fixed size and what runs programs over it, as WebAssembly or as its plain-TypeScript twin.
// The module is compiled once a process; each detector has a memory of its own, so that it is freed as a whole.
// Invariant: both kernels give the same bits for every program that scores; the twin is the oracle in tests and the fallback where
// WebAssembly SIMD is missing.

import type { Program } from './program.ts'
import { twin } from './twin.ts'
import { kernelWasm } from './wasm.ts'

type Run = (at: number, end: number, rows: number, chunk: number) => number
/** The part of the host's WebAssembly that is used; Node's own declarations leave it to those of browsers. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run: Run } }
  readonly CompileError: new () => Error
}
declare const WebAssembly: WebAssemblyHost

export interface Kernel {
  readonly name: 'wasm' | 'twin'
  readonly memory: ArrayBuffer
  /** Runs the program over `rows` rows in chunks of `chunk`; answers how many values were missing. */
  run(program: Program, rows: number, chunk: number): number
}

const pageBytes = 65_536
/** Largest memory of one detector. */
export const kernelBytesMax = 512 * 1024 * 1024

let compiled: object | null = null

export function wasmKernel(bytes: number): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelWasm, 'base64'))
  const pages = Math.ceil(bytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
  const { run } = exports
  return {
    name: 'wasm',
    memory: memory.buffer,
    run: (program, rows, chunk) => run(program.at, program.end, rows, chunk),
  }
}

export function twinKernel(bytes: number): Kernel {
  const memory = new ArrayBuffer(Math.ceil(bytes / pageBytes) * pageBytes)
  const run = twin(memory)
  return { name: 'twin', memory, run: (program, rows, chunk) => run(program.at, program.end, rows, chunk) }
}

/** WebAssembly where the host has it with SIMD, the twin otherwise. */
export function kernel(bytes: number): Kernel {
  // Absent where the host runs without code generation (node --jitless).
  if (typeof WebAssembly === 'undefined') return twinKernel(bytes)
  try {
    return wasmKernel(bytes)
  } catch (cause) {
    if (cause instanceof WebAssembly.CompileError) return twinKernel(bytes)
    throw cause
  }
}
