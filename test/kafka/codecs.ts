// Codecs for kafkajs' own reader and writer, which knows gzip only: what the tests' producers write with and the stock
// reader reads with. The adapter does not use them.

import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compress, uncompress } from 'snappyjs'
import type { Kafkajs } from '../../libs/bus/kafka/library.ts'

interface Encoded {
  readonly buffer: Buffer
}

export function registerCodecs({ CompressionCodecs, CompressionTypes }: Kafkajs): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: Encoded) => Buffer.from(compress(buffer)),
    decompress: async (buffer: Buffer) => Buffer.from(uncompress(buffer, 1 << 26)),
  })
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async ({ buffer }: Encoded) => compressFrameSync(buffer),
    decompress: async (buffer: Buffer) => decompressFrameSync(buffer),
  })
}
