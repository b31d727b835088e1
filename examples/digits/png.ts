// PNG: a grey picture, eight bits a pixel, as bytes of a file.
// Source: W3C, Portable Network Graphics specification, third edition.

import { deflateSync } from 'node:zlib'

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const bitsPerPixel = 8
const grey = 0
const polynomial = 0xedb88320

export interface Picture {
  readonly width: number
  readonly height: number
  /** Row by row, 0 black to 255 white. */
  readonly pixels: Uint8Array
}

export function png({ width, height, pixels }: Picture): Uint8Array {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = bitsPerPixel
  head[9] = grey
  // Each line begins with the number of its filter, which is none.
  const lines = new Uint8Array(height * (width + 1))
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ])
}

function chunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? polynomial : 0)
  }
  return ~rest >>> 0
}
