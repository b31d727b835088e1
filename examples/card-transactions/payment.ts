// Payment: what one record of the topic says, written once as its Avro schema. `transaction.avsc` is the same for readers
// of other languages; a test holds the two together.

import { avroType } from '../../libs/codec/avro.ts'
import type { Infer } from '../../libs/codec/infer.ts'

export const paymentSchema = {
  type: 'record',
  name: 'Transaction',
  namespace: 'example.cards',
  doc: 'A card payment, as the issuer sees it.',
  fields: [
    { name: 'tx_id', type: 'string' },
    { name: 'customer_id', type: 'string' },
    { name: 'terminal_id', type: 'string' },
    { name: 'tx_time', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'amount', type: 'double' },
    { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['chip', 'contactless', 'online'] } },
    { name: 'distance_km', type: 'double', doc: 'From the home of the customer to the terminal; 0 online.' },
    { name: 'category', type: 'string' },
  ],
} as const

export type Payment = Infer<typeof paymentSchema>

const type = avroType(paymentSchema)
const text = new TextEncoder()

/** The value of a record: Avro without framing. */
export function encodeCard(payment: Payment): Uint8Array {
  return type.encode(payment)
}

/** The key of a record. */
export function keyOf(payment: Payment): Uint8Array {
  return text.encode(payment.customer_id)
}
