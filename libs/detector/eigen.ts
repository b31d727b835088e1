// Eigen: eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations, in double precision and in a fixed
// order, so that equal matrices give equal bits. Meant for some hundred columns: a sweep costs width³.
// Source: Golub and Van Loan, Matrix Computations, section on the cyclic Jacobi method.

const sweepsMax = 30
/** Largest off-diagonal sum of squares that is left, relative to the diagonal's. */
const precision = 1e-22

export interface Eigen {
  /** In no particular order. */
  readonly values: Float64Array
  /** width × width, the vectors as columns. */
  readonly vectors: Float64Array
}

export function eigen(symmetric: Float64Array, width: number): Eigen {
  const a = symmetric.slice()
  const vectors = new Float64Array(width * width)
  for (let j = 0; j < width; j++) vectors[j * width + j] = 1
  for (let sweep = 0; sweep < sweepsMax && offDiagonal(a, width) > precision; sweep++) {
    for (let p = 0; p < width; p++) for (let q = p + 1; q < width; q++) rotate(a, vectors, width, p, q)
  }
  return { values: Float64Array.from({ length: width }, (_, j) => a[j * width + j]!), vectors }
}

function offDiagonal(a: Float64Array, width: number): number {
  let off = 0
  let on = 0
  for (let i = 0; i < width; i++)
    for (let j = 0; j < width; j++) {
      if (i === j) on += a[i * width + j]! ** 2
      else off += a[i * width + j]! ** 2
    }
  return on === 0 ? 0 : off / on
}

/** Makes the element (p, q) zero. */
function rotate(a: Float64Array, vectors: Float64Array, width: number, p: number, q: number): void {
  const apq = a[p * width + q]!
  if (apq === 0) return
  const theta = (a[q * width + q]! - a[p * width + p]!) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < width; k++) {
    const [kp, kq] = [a[k * width + p]!, a[k * width + q]!]
    a[k * width + p] = c * kp - s * kq
    a[k * width + q] = s * kp + c * kq
  }
  for (let k = 0; k < width; k++) {
    const [pk, qk] = [a[p * width + k]!, a[q * width + k]!]
    a[p * width + k] = c * pk - s * qk
    a[q * width + k] = s * pk + c * qk
    const [kp, kq] = [vectors[k * width + p]!, vectors[k * width + q]!]
    vectors[k * width + p] = c * kp - s * kq
    vectors[k * width + q] = s * kp + c * kq
  }
}
