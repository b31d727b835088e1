// Shift: how far apart two samples lie, as the largest difference of their distribution functions (Kolmogorov and Smirnov):
// 0 for equal samples, 1 for samples that do not overlap.

export function distanceOf(a: Float64Array, b: Float64Array): number {
  const left = a.slice().sort()
  const right = b.slice().sort()
  let i = 0
  let j = 0
  let distance = 0
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i]!, right[j]!)
    while (i < left.length && left[i]! <= value) i++
    while (j < right.length && right[j]! <= value) j++
    distance = Math.max(distance, Math.abs(i / left.length - j / right.length))
  }
  return distance
}
