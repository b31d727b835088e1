// IDX: images as the MNIST files have them: a big-endian head (0x00000803, images, rows, columns), then a byte a pixel.
// Source: LeCun, Cortes and Burges, The MNIST database, file formats.

import { Failure } from '../../libs/core/failure.ts'

export interface Images {
  readonly count: number
  readonly rows: number
  readonly columns: number
  /** From 0 to 1, an image after another. */
  readonly pixels: Float32Array
}

const magic = 0x803
const headBytes = 16
/** Of one image. */
const pixelsMax = 4096

/** At most the first `countMax` images of the file. */
export function parseIdx(bytes: Uint8Array, place: string, countMax: number): Images {
  const wrong = (what: string): Failure => new Failure('data-invalid', `${place}: no IDX file of images: ${what}`)
  if (bytes.length < headBytes) throw wrong(`${bytes.length} bytes are no head of ${headBytes}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0) !== magic)
    throw wrong(`it begins with 0x${view.getUint32(0).toString(16)}, not 0x${magic.toString(16)}`)
  const [held, rows, columns] = [view.getUint32(4), view.getUint32(8), view.getUint32(12)]
  const size = rows * columns
  if (size === 0 || size > pixelsMax)
    throw wrong(`images of ${rows} × ${columns} pixels; from 1 to ${pixelsMax} are read`)
  if (bytes.length < headBytes + held * size)
    throw wrong(`${held} images are promised, ${bytes.length} bytes hold fewer`)
  const count = Math.min(held, countMax)
  const pixels = Float32Array.from(bytes.subarray(headBytes, headBytes + count * size), (byte) => byte / 255)
  return { count, rows, columns, pixels }
}
