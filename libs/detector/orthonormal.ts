// Orthonormal: vectors made so, one after another, as Gram and Schmidt do; in double precision.

const lengthMin = 1e-12
/** Of what a vector was, what is left of it where it is none of its own. */
const leftMin = 1e-9

/** In place; `wanted` vectors of `width`. What depends on those before becomes 0. */
export function orthonormalise(vectors: Float64Array, wanted: number, width: number): void {
  for (let v = 0; v < wanted; v++) {
    const own = vectors.subarray(v * width, (v + 1) * width)
    const before = Math.sqrt(dot(own, own))
    for (let u = 0; u < v; u++) {
      const other = vectors.subarray(u * width, (u + 1) * width)
      const along = dot(own, other)
      for (let j = 0; j < width; j++) own[j]! -= along * other[j]!
    }
    const length = Math.sqrt(dot(own, own))
    const isDependent = length <= lengthMin || length <= leftMin * before
    for (let j = 0; j < width; j++) own[j] = isDependent ? 0 : own[j]! / length
  }
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!
  return sum
}
