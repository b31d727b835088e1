// What a producer with a registry writes.

/** A bare value in Confluent framing. */
export function confluentFramed(id: number, value: Uint8Array): Uint8Array {
  const framed = new Uint8Array(5 + value.length)
  new DataView(framed.buffer).setUint32(1, id)
  framed.set(value, 5)
  return framed
}
