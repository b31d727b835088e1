// Ceiling: what this core does at most with 128-bit multiplications and additions of WebAssembly, and nothing else: seven
// chains of each, none waiting for another. The floor of everything that is made of matrix products.

import asc from 'assemblyscript/asc'
import { took, wallUs } from './figure.ts'

const CHAINS = 7
const LANES = 4
const LOOPS = 100_000

const source = `
export function ceiling(rounds: i32): f32 {
  const x = f32x4.splat(1.0000001)
  ${each((i) => `let m${i} = f32x4.splat(1.${i}), a${i} = f32x4.splat(0)`)}
  for (let i = 0; i < rounds; i++) {
    ${each((i) => `a${i} = f32x4.add(a${i}, m${i}); m${i} = f32x4.mul(m${i}, x)`)}
  }
  let sum = f32x4.splat(0)
  ${each((i) => `sum = f32x4.add(sum, f32x4.add(a${i}, m${i}))`)}
  return f32x4.extract_lane(sum, 0)
}`

function each(line: (index: number) => string): string {
  return Array.from({ length: CHAINS }, (_, i) => line(i)).join('\n  ')
}

interface Host {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object): Promise<{ readonly exports: { readonly ceiling: (rounds: number) => number } }>
}
declare const WebAssembly: Host

/** A round of it, warmed up: answers microseconds a floating-point operation. */
export async function ceiling(): Promise<() => number> {
  const { binary } = await asc.compileString(source, { optimizeLevel: 3, runtime: 'stub', enable: ['simd'] })
  if (binary === null) throw new Error('the ceiling does not compile')
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(binary))
  const round = (): number => took(wallUs, () => exports.ceiling(LOOPS)) / (LOOPS * CHAINS * 2 * LANES)
  for (let i = 0; i < 5; i++) round()
  return round
}
