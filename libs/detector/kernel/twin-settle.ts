// The twin's missing values that settle: assembly/settle.ts in plain TypeScript, to the same bits.

const f = Math.fround

export function settle(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const [given, offsets, stride] = [words[at + 4]! >> 2, words[at + 5]! >> 2, words[at + 7]! * 4]
  for (let row = 0; row < count; row++) {
    const v = (words[at + 2]! >> 2) + row * stride
    const masks = (words[at + 3]! >> 2) + row * stride
    for (let sweep = 0; sweep < words[at + 6]!; sweep++)
      for (let j = 0; j < stride; j++) {
        if (words[masks + j] === 0) continue
        const lanes = [0, 0, 0, 0]
        for (let k = 0; k < stride; k++)
          lanes[k & 3] = f(lanes[k & 3]! + f(heap[v + k]! * heap[given + j * stride + k]!))
        heap[v + j] = f(heap[offsets + j]! + f(f(f(lanes[0]! + lanes[1]!) + lanes[2]!) + lanes[3]!))
      }
  }
}
