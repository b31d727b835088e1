// Digits: trains an autoencoder on images of digits, says how well it restores images that it has not seen, and draws two
// pictures: originals, the same with noise, these restored, and the originals' reconstructions; and, beside it with the
// ending .map.svg, a map of the codes. `node dist/examples/digits/main.js --out digits.png [--idx FILE]`.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Failure } from '../../libs/core/failure.ts'
import { withNoise } from '../../libs/detector/spoilt.ts'
import { autoencoder, codeColumns, errorsOf } from './autoencoder.ts'
import { digits, side } from './digit.ts'
import { type Images, parseIdx } from './idx.ts'
import { map, principalAxes } from './map.ts'
import { picture } from './picture.ts'
import { png } from './png.ts'

const usage = `Usage: node dist/examples/digits/main.js [--out digits.png] [--idx images.idx3-ubyte[.gz]] [--images 10000] [--epochs 20] [--seed 1]`
/** Share of the images that is not learnt from. */
const heldShare = 0.2
const shownImages = 40
const mappedImages = 1000
const imagesMin = 10
/** Deviation of what is put on each pixel, from 0 to 1. */
const noise = 0.3

interface Request {
  readonly out: string
  readonly idx: string | null
  readonly images: number
  readonly epochs: number
  readonly seed: number
}

function requestOf(args: readonly string[]): Request {
  const text = { type: 'string' } as const
  let values: Record<string, string | undefined>
  try {
    values = parseArgs({
      args: [...args],
      options: { out: text, idx: text, images: text, epochs: text, seed: text },
    }).values
  } catch (thrown) {
    throw new Failure('usage', `${Failure.of(thrown, 'usage').message}\n${usage}`, thrown)
  }
  const whole = (name: string, otherwise: number, least: number): number => {
    const value = Number(values[name] ?? otherwise)
    if (Number.isInteger(value) && value >= least) return value
    throw new Failure('usage', `--${name}: give a whole number from ${least} on\n${usage}`)
  }
  return {
    out: values['out'] ?? 'digits.png',
    idx: values['idx'] ?? null,
    images: whole('images', 10_000, imagesMin),
    epochs: whole('epochs', 20, 1),
    seed: whole('seed', 1, 0),
  }
}

function imagesOf({ idx, images, seed }: Request): Images {
  if (idx === null) return { count: images, rows: side, columns: side, pixels: digits(images, seed) }
  let bytes: Uint8Array
  try {
    bytes = readFileSync(idx)
    if (idx.endsWith('.gz')) bytes = gunzipSync(bytes)
  } catch (thrown) {
    throw new Failure('file-unreadable', `${idx}: ${Failure.of(thrown, 'file-unreadable').message}`, thrown)
  }
  const found = parseIdx(bytes, idx, images)
  if (found.count >= imagesMin) return found
  throw new Failure('data-invalid', `${idx}: ${found.count} images; at least ${imagesMin} are needed`)
}

async function run(request: Request): Promise<void> {
  const say = (line: string): boolean => process.stdout.write(`${line}\n`)
  const { count, rows, columns, pixels } = imagesOf(request)
  const width = rows * columns
  const learntCount = Math.round(count * (1 - heldShare))
  const learnt = pixels.subarray(0, learntCount * width)
  const held = pixels.subarray(learntCount * width)
  const startedMs = performance.now()
  const trained = await autoencoder(learnt, width, request)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  say(
    `${learntCount} images of ${rows} × ${columns}, ${trained.parameters} parameters, ${request.epochs} epochs in ${seconds} s`,
  )
  say(`loss (binary cross-entropy) ${trained.losses.map((loss) => loss.toFixed(3)).join(' ')}`)
  const reconstructed = await trained.reconstruct(held)
  const { reconstruction, mean } = errorsOf(held, reconstructed, learnt, width)
  say(
    `mean square error of a pixel over ${count - learntCount} held-out images: ${reconstruction.toFixed(4)}; ` +
      `${mean.toFixed(4)} if each is taken for the mean image`,
  )
  const noisy = withNoise(held, Float32Array.of(noise), request.seed).map((value) => Math.min(1, Math.max(0, value)))
  const denoised = await trained.reconstruct(noisy)
  say(
    `the same with noise of ${noise}: ${errorsOf(held, noisy, learnt, width).reconstruction.toFixed(4)}, ` +
      `restored ${errorsOf(held, denoised, learnt, width).reconstruction.toFixed(4)}`,
  )
  const shown = Math.min(shownImages, count - learntCount) * width
  const lines = [held, noisy, denoised, reconstructed].map((images) => images.subarray(0, shown))
  write(request.out, png(picture({ lines, rows, columns })))
  say(`${request.out}: originals, with noise, restored from it; and the originals' reconstructions`)
  const mapped = Math.min(mappedImages, count - learntCount)
  const points = principalAxes(trained.encode(held.subarray(0, mapped * width)), codeColumns)
  // Only of drawn images is it known what they are.
  const known = request.idx === null ? Array.from({ length: mapped }, (_, i) => (learntCount + i) % 10) : null
  const mapFile = `${request.out.replace(/\.png$/, '')}.map.svg`
  write(mapFile, map(points, known))
  say(`${mapFile}: the codes of ${mapped} images along their two first axes`)
}

function write(file: string, content: Uint8Array | string): void {
  try {
    writeFileSync(file, content)
  } catch (thrown) {
    throw new Failure('file-unreadable', `${file}: ${Failure.of(thrown, 'file-unreadable').message}`, thrown)
  }
}

try {
  await run(requestOf(process.argv.slice(2)))
} catch (thrown) {
  if (!(thrown instanceof Failure)) throw thrown
  process.stderr.write(`digits: ${thrown.message}\n`)
  process.exitCode = thrown.exitCode
}
