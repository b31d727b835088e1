// Training: on what a dense network is trained: our own kernel, or a backend of TensorFlow. Both start from the same weights,
// see the same batches and follow the same schedule; tests hold the one against the other.
// The rule of `auto`: the kernel, which takes about a tenth of the time of the WebAssembly backend (`npm run bench -- --only
// training` measures both). Layers over the steps of windows are trained with the products of either: the kernel's take about
// half of the time of the WebAssembly backend.

import { servingLayers, spreadLayer } from './dense-plan.ts'
import type { DenseLayer } from './model.ts'
import { kernelProducts, type Products } from './sequence/products.ts'
import type { BackendChoice } from './tensorflow/backend.ts'
import type { Batches, DensePlan, Schedule } from './tensorflow/train-dense.ts'
import { reconstructOnKernel, trainOnKernel } from './train-on-kernel.ts'

export type TrainerChoice = 'auto' | 'kernel' | BackendChoice

export interface TrainedNetwork {
  /** As they serve. */
  readonly layers: readonly DenseLayer[]
  /** Of a code that is a cloud, what gives its log-variances. */
  readonly spread: DenseLayer | null
  readonly losses: readonly number[]
  /** What it was trained on, for the manifest. */
  readonly backend: string
  /** Reconstructs rows (stride = width of the network). */
  readonly reconstruct: (rows: Float32Array, count: number) => Promise<Float32Array>
}

/** The products that layers over steps are trained with. */
export async function productsOf(choice: TrainerChoice, widthMax: number): Promise<Products> {
  if (choice === 'auto' || choice === 'kernel') return kernelProducts()
  const { chooseBackend } = await import('./tensorflow/backend.ts')
  const { tensorflowProducts } = await import('./tensorflow/products.ts')
  return tensorflowProducts(await chooseBackend(choice, widthMax))
}

export async function trainNetwork(
  choice: TrainerChoice,
  plan: DensePlan,
  batches: Batches,
  schedule: Schedule,
): Promise<TrainedNetwork> {
  if (choice === 'auto' || choice === 'kernel') {
    const { layers: trained, losses } = trainOnKernel(plan, batches, schedule)
    const layers = servingLayers(plan, trained)
    const reconstruct = async (rows: Float32Array, count: number): Promise<Float32Array> =>
      reconstructOnKernel(layers, rows, count)
    return { layers, spread: spreadLayer(plan, trained), losses, backend: 'kernel', reconstruct }
  }
  // Loaded only when asked for: TensorFlow takes longer to load than the kernel to train.
  const { chooseBackend } = await import('./tensorflow/backend.ts')
  const { trainDense } = await import('./tensorflow/train-dense.ts')
  const { reconstruct } = await import('./tensorflow/reconstruct.ts')
  const backend = await chooseBackend(choice, Math.max(...plan.widths))
  const { layers: trained, losses } = await trainDense(backend, plan, batches, schedule)
  const layers = servingLayers(plan, trained)
  return {
    layers,
    spread: spreadLayer(plan, trained),
    losses,
    backend,
    reconstruct: (rows, count) => reconstruct(backend, layers, rows, count),
  }
}
