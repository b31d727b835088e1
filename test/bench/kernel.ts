// Kernel: microseconds a row from rows in memory to scores, one core, against the time that the layers' multiplications
// and additions alone would take at the 128-bit ceiling of this core, measured in the same run by a loop of nothing else.
// Writing the row into the detector's input, scaling and the error are included in the value, not in the floor.
// Budget: 30-16-8-16-30 at most 0.1 µs a row at any batch size, at most twice the floor.

import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { denseTrainer } from '../../libs/detector/dense-trainer.ts'
import { type Engine, engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { type Shape, sampleModel, sampleRows } from '../detector/sample-model.ts'

export interface Measured {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly floorName: string
  readonly ratio: number
  readonly notMeasured: string
}

const SEED = 7
const ROUNDS = 300
const ROUND_MS = 0.4
const ROWS = 1024

/** Seven chains of multiplications and seven of additions, none waiting for another. */
const ceilingSource = `
export function ceiling(rounds: i32): f32 {
  const x = f32x4.splat(1.0000001)
  ${list((i) => `let m${i} = f32x4.splat(1.${i}), a${i} = f32x4.splat(0)`)}
  for (let i = 0; i < rounds; i++) {
    ${list((i) => `a${i} = f32x4.add(a${i}, m${i}); m${i} = f32x4.mul(m${i}, x)`)}
  }
  let sum = f32x4.splat(0)
  ${list((i) => `sum = f32x4.add(sum, f32x4.add(a${i}, m${i}))`)}
  return f32x4.extract_lane(sum, 0)
}`

function list(line: (index: number) => string): string {
  return Array.from({ length: 7 }, (_, i) => line(i)).join('\n  ')
}

interface Host {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object): Promise<{ readonly exports: { readonly ceiling: (rounds: number) => number } }>
}
declare const WebAssembly: Host

/** Floating-point operations a second at the ceiling, in 1e9, best of the rounds. */
async function ceilingGiga(): Promise<() => number> {
  const { binary } = await asc.compileString(ceilingSource, { optimizeLevel: 3, runtime: 'stub', enable: ['simd'] })
  if (binary === null) throw new Error('the ceiling does not compile')
  const { ceiling } = (await WebAssembly.instantiate(await WebAssembly.compile(binary))).exports
  const loops = 100_000
  return () => {
    const start = performance.now()
    ceiling(loops)
    return (loops * 7 * 2 * 4) / ((performance.now() - start) * 1e6)
  }
}

/** Rows between two looks at the clock. */
function rowsOf(batch: number): number {
  return Math.max(batch, 512)
}

/** One round: microseconds a row. */
function round(running: Engine, rows: Float32Array, scores: Float32Array, batch: number): number {
  const { input, width } = running
  const views = Array.from({ length: Math.floor(rowsOf(batch) / batch) }, (_, i) => {
    return rows.subarray(i * batch * width, (i + 1) * batch * width)
  })
  const start = performance.now()
  let done = 0
  let elapsed = 0
  while (elapsed < ROUND_MS) {
    for (let i = 0; i < views.length; i++) {
      input.set(views[i]!)
      running.score(batch, scores)
    }
    done += views.length * batch
    elapsed = performance.now() - start
  }
  return (elapsed * 1000) / done
}

/** What other processes take of the core only ever adds: the least of many short rounds is the thing itself. */
function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
}

const narrow: Omit<Shape, 'scoring'> = {
  widths: [30, 16, 8, 16, 30],
  activation: { kind: 'relu' },
  members: 1,
  seed: SEED,
}
const cases: readonly { readonly name: string; readonly shape: Shape; readonly batches: readonly number[] }[] = [
  {
    name: '30-16-8-16-30 relu, error',
    shape: { ...narrow, scoring: 'error-over-train' },
    batches: [1, 2, 3, 4, 16, 128, 1024],
  },
  {
    name: '30-16-8-16-30 relu, Mahalanobis',
    shape: { ...narrow, scoring: 'mahalanobis' },
    batches: [1, 16, 128, 1024],
  },
  {
    name: '30-16-8-16-30 tanh, Mahalanobis',
    shape: { ...narrow, activation: { kind: 'tanh' }, scoring: 'mahalanobis' },
    batches: [1, 128, 1024],
  },
  {
    name: '784-32-784 relu, error',
    shape: { ...narrow, widths: [784, 32, 784], scoring: 'error-over-train' },
    batches: [1, 16, 128, 1024],
  },
]

export async function kernelBench(): Promise<readonly Measured[]> {
  const measureCeiling = await ceilingGiga()
  for (let i = 0; i < 5; i++) measureCeiling()
  const measured: Measured[] = []
  for (const { name, shape, batches } of cases) {
    const model = sampleModel(shape)
    const rows = sampleRows(model, ROWS, 0, SEED)
    const scores = new Float32Array(1024)
    const flops = shape.widths.slice(1).reduce((sum, width, i) => sum + 2 * width * (shape.widths[i] ?? 0), 0)
    for (const make of [wasmKernel, twinKernel]) {
      if (make === twinKernel && name !== cases[0]?.name) continue
      const running = engine(model, make)
      for (const batch of make === twinKernel ? [1024] : batches) {
        for (let i = 0; i < 10; i++) round(running, rows, scores, batch)
        const values: number[] = []
        const ceilings: number[] = []
        for (let i = 0; i < ROUNDS; i++) {
          values.push(round(running, rows, scores, batch))
          ceilings.push(1 / measureCeiling())
        }
        const value = least(values)
        const ceiling = 1 / least(ceilings)
        const floor = flops / (ceiling * 1000)
        measured.push({
          name: `score ${name}, batch ${batch}${make === twinKernel ? ', plain TypeScript' : ''}`,
          value,
          unit: 'µs/row',
          floor,
          floorName: `${flops} operations at the 128-bit mul+add ceiling (${ceiling.toFixed(0)} GF/s)`,
          ratio: value / floor,
          notMeasured: 'explaining; rows with missing values',
        })
      }
    }
  }
  return measured
}

/** Milliseconds of one core for 20 epochs over 50,000 × 30, narrow network, batches of 256; budget 1,000. */
export async function trainingBench(): Promise<Measured> {
  const measureCeiling = await ceilingGiga()
  const [rows, batchRows, epochs] = [50_000, 256, 20]
  const model = sampleModel({ ...narrow, activation: { kind: 'leaky-relu', alpha: 0.1 }, scoring: 'error-over-train' })
  const trainer = denseTrainer(model.members[0]!.layers, { rowsMax: batchRows, decay: 0 })
  const { input, target, stride } = trainer
  const data = sampleRows(model, rows, 0, SEED)
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const epoch = (): void => {
    for (let from = 0; from + batchRows <= rows; from += batchRows) {
      for (let row = 0; row < batchRows; row++) {
        const [at, to] = [(from + row) * model.width, row * stride]
        for (let c = 0; c < model.width; c++) input[to + c] = target[to + c] = data[at + c]!
      }
      trainer.step(batchRows, 1e-3)
    }
  }
  for (let i = 0; i < 3; i++) epoch()
  const ceilings = Array.from({ length: 50 }, () => 1 / measureCeiling())
  const start = cpuMs()
  for (let i = 0; i < epochs; i++) epoch()
  const value = cpuMs() - start
  // Forward, gradients of weights, gradients of inputs: three products a layer, but only two for the first.
  const flops = rows * epochs * (3 * 2432 - 2 * 30 * 16)
  const floor = flops * least(ceilings) * 1e-6
  return {
    name: 'train 30-16-8-16-30, 50,000 rows, 20 epochs',
    value,
    unit: 'ms of one core',
    floor,
    floorName: 'its products at the 128-bit mul+add ceiling',
    ratio: value / floor,
    notMeasured: 'scaling, shuffling, calibration; noise',
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const figure of [...(await kernelBench()), await trainingBench()])
    process.stdout.write(`${JSON.stringify(figure)}\n`)
}
