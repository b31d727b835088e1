// Map: codes in two dimensions, along the two axes in which they differ most, as an SVG: a point an image, coloured and
// named by its digit where that is known.

import { covariance } from '../../libs/detector/covariance.ts'
import { eigen } from '../../libs/detector/eigen.ts'

const sidePixels = 640
const edgePixels = 24
const pointPixels = 3
const legendPixels = 48
const unknown = '#666666'
/** Of the digits 0 to 9: far apart in hue, and in lightness where hues are near. */
const colours = [
  '#1b6fb5',
  '#e8730c',
  '#2a8f3c',
  '#c2262e',
  '#8356b0',
  '#7b4a3d',
  '#d957a8',
  '#444444',
  '#a8a619',
  '#12a9bd',
] as const

/** x and y of each code, in turn; the first axis is that of the largest variance. */
export function principalAxes(codes: Float32Array, columns: number): Float32Array {
  const count = codes.length / columns
  const points = new Float32Array(2 * count)
  const mean = new Float64Array(columns)
  for (const [i, value] of codes.entries()) mean[i % columns] = (mean[i % columns] ?? 0) + value / count
  const { values, vectors } = eigen(covariance(codes, count, columns).matrix, columns)
  const order = Array.from(values, (value, axis) => ({ value, axis })).sort((a, b) => b.value - a.value)
  for (const [k, { axis }] of order.slice(0, 2).entries())
    for (let i = 0; i < count; i++) {
      let sum = 0
      for (let j = 0; j < columns; j++)
        sum += ((codes[i * columns + j] ?? 0) - (mean[j] ?? 0)) * (vectors[j * columns + axis] ?? 0)
      points[2 * i + k] = sum
    }
  return points
}

/** `digits`: of each point; null where nobody knows. */
export function map(points: Float32Array, digits: readonly number[] | null): string {
  const count = points.length / 2
  const inner = sidePixels - 2 * edgePixels
  const placed = [0, 1].map((k) => {
    const along = Array.from({ length: count }, (_, i) => points[2 * i + k] ?? 0)
    const low = along.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
    const high = along.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
    return along.map((value) => edgePixels + (high === low ? 0.5 : (value - low) / (high - low)) * inner)
  })
  const colourOf = (digit: number | undefined): string => colours[digit ?? -1] ?? unknown
  const dots = Array.from({ length: count }, (_, i) => {
    const [x = 0, y = 0] = placed.map((along) => along[i] ?? 0)
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${pointPixels}" fill="${colourOf(digits?.[i])}"/>`
  })
  const names = colours.map((colour, digit) => {
    const y = edgePixels + (digit + 1) * edgePixels
    return `<text x="${sidePixels + edgePixels / 2}" y="${y}" fill="${colour}" font-size="18">${digit}</text>`
  })
  const wide = sidePixels + (digits === null ? 0 : legendPixels)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${sidePixels}" font-family="sans-serif">`,
    '<title>Codes of images, along the two axes in which they differ most</title>',
    `<rect width="${wide}" height="${sidePixels}" fill="#ffffff"/>`,
    `<g fill-opacity="0.7">`,
    ...dots,
    '</g>',
    ...(digits === null ? [] : names),
    '</svg>\n',
  ].join('\n')
}
