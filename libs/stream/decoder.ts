// Decoder of a stream: which of the codecs reads its records, as the spec says.

import type { Decoder } from '../codec/columns.ts'
import { jsonDecoder } from '../codec/json.ts'
import { avroDecoder, registryDecoder } from '../codec/projection.ts'
import type { Stream } from './stream.ts'

export function decoderOf(stream: Stream): Decoder {
  const { format, schema } = stream.spec.source
  if (format === 'json') return jsonDecoder(stream.wants)
  switch (schema.kind) {
    case 'text':
      return avroDecoder({ schemaText: schema.text, framing: schema.framing }, stream.wants)
    case 'registry':
      return registryDecoder(stream.wants)
    case 'none':
      throw new TypeError('an avro stream without a schema cannot come out of a spec')
    default:
      return schema satisfies never
  }
}
