// Dense layout: where the training of a stack of dense layers lies in a kernel's memory, and the programs of its parts. The
// stack is cut behind the layer that gives the code, where there is a penalty on it: what is between the parts is plain code
// (penalty.ts, loss.ts). Without a penalty all layers are behind the cut.

import assert from 'node:assert/strict'
import { Arena } from './kernel/arena.ts'
import { ADAM, BACKWARD, DENSE, DERIVE, LOSS, operation, type Program, real, TRANSPOSE } from './kernel/program.ts'
import type { DenseLayer } from './model.ts'
import { packed, shape } from './packing.ts'
import { latentColumns, type Penalty } from './penalty.ts'

/** Word of the Adam operation at which its rate and spread lie. */
const adamRateWord = 7

export interface Place {
  readonly layer: DenseLayer
  readonly blocks: number
  /** Where weights and bias lie from the beginning of the parameters, in bytes. */
  readonly weights: number
  readonly bias: number
  readonly output: number
  readonly slope: number
  readonly curve: number
}

export interface DenseLayout {
  readonly arena: Arena
  readonly width: number
  readonly stride: number
  readonly places: readonly Place[]
  readonly input: number
  readonly target: number
  readonly parameters: number
  readonly gradients: number
  readonly sum: number
  /** Where the gradient of the outputs is expected. */
  readonly outputSlopes: number
  /** Layers before the cut. */
  readonly cut: number
  /** What the first layer behind the cut reads, and where its gradient arrives; where that of the code is expected. */
  readonly latent: number
  readonly latentSlopes: number
  readonly codeSlopes: number
  readonly encode: Program
  readonly decode: Program
  /** The squared error and its gradient. */
  readonly squares: Program
  readonly backDecode: Program
  readonly backEncode: Program
  readonly adam: Program
  /** Where Adam's rate and spread lie, for weights and for biases. */
  readonly rates: number
  readonly biasRates: number
}

export interface LayoutOptions {
  readonly rowsMax: number
  readonly decay: number
  readonly penalty: Penalty | null
  /** Whether the loss gives the gradient of the outputs, or of what their activation was applied to. */
  readonly slopesOf: 'outputs' | 'logits'
}

interface Parameters {
  readonly places: readonly Place[]
  readonly values: Float32Array
  readonly weightBytes: number
}

export function denseLayout(layers: readonly DenseLayer[], options: LayoutOptions): DenseLayout {
  const { rowsMax, penalty } = options
  const arena = new Arena()
  const width = layers[0]!.inputs
  const stride = Math.ceil(width / 8) * 8
  assert.equal(layers.at(-1)!.outputs, width, 'an autoencoder ends as wide as it begins')
  const rowsRoom = Math.ceil(rowsMax / 4) * 4
  const room = (columns: number): number => arena.reserve(rowsRoom * Math.ceil(columns / 8) * 8)
  const { places, values, weightBytes } = placeLayers(layers, room)
  const parameters = arena.place(values)
  const [gradients, means, squares] = [values, values, values].map(({ length }) => arena.reserve(length)) as [
    number,
    number,
    number,
  ]
  const columnsMax = Math.max(...layers.map((layer) => Math.max(layer.inputs, layer.outputs)))
  const [input, target, left, right] = [room(width), room(width), room(columnsMax), room(columnsMax)]
  const cut = penalty === null ? 0 : penalty.layer + 1
  const code = cut === 0 ? input : places[cut - 1]!.output
  const taken = latentColumns(penalty, cut === 0 ? width : layers[cut - 1]!.outputs)
  assert.equal(layers[cut]!.inputs, taken, 'the decoder takes what the penalty leaves of the code')
  const latent = penalty?.kind === 'variational' ? room(taken) : code
  const valid = arena.place(new Int32Array(width).fill(-1), stride)
  const sum = arena.reserve(2)

  const forward = (i: number): number[] => {
    const { layer, blocks, weights, bias, output, slope, curve } = places[i]!
    const from = i === cut ? latent : i === 0 ? input : places[i - 1]!.output
    const fromStride = Math.ceil(layer.inputs / 8) * 32
    const [w, b] = [parameters + weights, parameters + bias]
    return operation(DENSE, from, fromStride, layer.inputs, 0, w, b, output, blocks * 32, blocks, real(slope), curve)
  }
  const backward = backwardOf(arena, { places, parameters, gradients, input, latent, cut, columnsMax }, options)
  const decoding = backward(places.length - 1, cut, left, right)
  const other = decoding.at === left ? right : left
  const codeSlopes = latent === code ? decoding.at : other
  const encoding = backward(cut - 1, 0, codeSlopes, codeSlopes === left ? right : left)
  const update = (at: number, bytes: number, share: number): number[] =>
    operation(ADAM, parameters + at, gradients + at, means + at, squares + at, bytes, 0, 0, real(share))
  const ofWeights = update(0, weightBytes, options.decay)
  const adam = arena.program([...ofWeights, ...update(weightBytes, values.length * 4 - weightBytes, 0)])
  const rates = adam.at + adamRateWord * 4
  const indices = Array.from(places.keys())
  return {
    arena,
    width,
    stride,
    places,
    input,
    target,
    parameters,
    gradients,
    sum,
    outputSlopes: left,
    cut,
    latent,
    latentSlopes: decoding.at,
    codeSlopes,
    encode: arena.program(indices.slice(0, cut).flatMap(forward)),
    decode: arena.program(indices.slice(cut).flatMap(forward)),
    squares: arena.program(operation(LOSS, places.at(-1)!.output, target, valid, left, stride / 4, width, sum)),
    backDecode: arena.program(decoding.words),
    backEncode: arena.program(encoding.words),
    adam,
    rates,
    biasRates: rates + ofWeights.length * 4,
  }
}

interface Laid {
  readonly places: readonly Place[]
  readonly parameters: number
  readonly gradients: number
  readonly input: number
  readonly latent: number
  readonly cut: number
  readonly columnsMax: number
}

/** Of layers [to, from], from the last to the first: operations that begin with the gradient at `at`, and where it ends. */
function backwardOf(
  arena: Arena,
  { places, parameters, gradients, input, latent, cut, columnsMax }: Laid,
  { slopesOf }: LayoutOptions,
): (from: number, to: number, at: number, spare: number) => { readonly words: number[]; readonly at: number } {
  const zeros = arena.reserve(Math.ceil(columnsMax / 8) * 8)
  const transposedSize = Math.max(...places.map(({ layer }) => Math.ceil(layer.inputs / 8) * 8 * layer.outputs))
  const transposed = arena.reserve(transposedSize)
  return (from, to, at, spare) => {
    const words: number[] = []
    for (let i = from; i >= to; i--) {
      const { layer, blocks, weights, bias, output, slope, curve } = places[i]!
      const read = i === cut ? latent : i === 0 ? input : places[i - 1]!.output
      const inputBlocks = Math.ceil(layer.inputs / 8)
      const derived = i === places.length - 1 && slopesOf === 'logits'
      if (!derived && (slope !== 1 || curve !== 0))
        words.push(...operation(DERIVE, at, output, blocks * 2, real(slope), curve))
      const [w, b] = [gradients + weights, gradients + bias]
      words.push(...operation(BACKWARD, read, inputBlocks * 32, layer.inputs, at, blocks * 32, blocks, w, b))
      if (i === 0) break
      words.push(
        ...operation(TRANSPOSE, parameters + weights, layer.inputs, layer.outputs, transposed),
        ...operation(
          DENSE,
          at,
          blocks * 32,
          layer.outputs,
          0,
          transposed,
          zeros,
          spare,
          inputBlocks * 32,
          inputBlocks,
          real(1),
          0,
        ),
      )
      ;[at, spare] = [spare, at]
    }
    return { words, at }
  }
}

/** Parameters of all layers, packed: all weights, then all biases, so that Adam runs over each as one. */
function placeLayers(layers: readonly DenseLayer[], room: (columns: number) => number): Parameters {
  const weightParts = layers.map((layer) => packed(layer.weights, layer.inputs, layer.outputs))
  const biasParts = layers.map((layer) => {
    const bias = new Float32Array(Math.ceil(layer.outputs / 8) * 8)
    bias.set(layer.bias)
    return bias
  })
  const starts: number[] = []
  let end = 0
  for (const part of [...weightParts, ...biasParts]) {
    starts.push(end)
    end += part.length
  }
  const values = new Float32Array(end)
  for (const [i, part] of [...weightParts, ...biasParts].entries()) values.set(part, starts[i])
  const places = layers.map((layer, i): Place => {
    const blocks = Math.ceil(layer.outputs / 8)
    const [weights, bias] = [starts[i]! * 4, starts[layers.length + i]! * 4]
    return { layer, blocks, weights, bias, output: room(layer.outputs), ...shape(layer.activation) }
  })
  return { places, values, weightBytes: starts[layers.length]! * 4 }
}
