// The digits: drawn by a seed and told apart, read from IDX, restored by an autoencoder, and the picture of it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync, inflateSync } from 'node:zlib'
import { autoencoder, codeColumns, errorsOf } from '../../examples/digits/autoencoder.ts'
import { digits, side } from '../../examples/digits/digit.ts'
import { parseIdx } from '../../examples/digits/idx.ts'
import { map, principalAxes } from '../../examples/digits/map.ts'
import { picture } from '../../examples/digits/picture.ts'
import { crc32, png } from '../../examples/digits/png.ts'
import { Failure } from '../../libs/core/failure.ts'

const seed = Number(process.env['SEED'] ?? 5)
const pixels = side * side

test('the seed and the number decide an image; there is ink and paper in each', () => {
  const images = digits(40, seed)
  assert.deepEqual(digits(10, seed, 30), images.subarray(30 * pixels))
  assert.notDeepEqual(digits(40, seed + 1), images)
  for (let i = 0; i < 40; i++) {
    const image = images.subarray(i * pixels, (i + 1) * pixels)
    const ink = image.reduce((sum, value) => sum + value, 0) / pixels
    assert.ok(ink > 0.02 && ink < 0.35, `image ${i}, seed ${seed}: ${ink} of ink`)
    assert.ok(image.every((value) => value >= 0 && value <= 1))
    assert.ok(
      image.some((value) => value > 0 && value < 1),
      'smooth edges',
    )
  }
})

test('the ten digits are told apart by the nearest of a few hundred others', () => {
  const known = digits(600, seed)
  const asked = digits(100, seed, 600)
  let right = 0
  for (let i = 0; i < 100; i++) {
    let best = { square: Number.POSITIVE_INFINITY, number: -1 }
    for (let k = 0; k < 600; k++) {
      let square = 0
      for (let p = 0; p < pixels; p++) square += (known[k * pixels + p]! - asked[i * pixels + p]!) ** 2
      if (square < best.square) best = { square, number: k % 10 }
    }
    if (best.number === i % 10) right++
  }
  assert.ok(right >= 80, `seed ${seed}: ${right} of 100`)
})

function idxOf(images: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(16 + images.length)
  for (const [i, value] of [0x803, images.length / pixels, side, side].entries()) bytes.writeUInt32BE(value, 4 * i)
  bytes.set(
    images.map((value) => Math.round(value * 255)),
    16,
  )
  return bytes
}

test('IDX: images as they were written; anything else is refused', () => {
  const bytes = idxOf(digits(3, seed))
  const found = parseIdx(bytes, 'a', 2)
  assert.deepEqual([found.count, found.rows, found.columns, found.pixels.length], [2, side, side, 2 * pixels])
  assert.deepEqual(idxOf(found.pixels).subarray(16), bytes.subarray(16, 16 + 2 * pixels))
  const wrong = (given: Uint8Array): void =>
    assert.throws(
      () => parseIdx(given, 'a', 9),
      (thrown) => thrown instanceof Failure && thrown.code === 'data-invalid' && thrown.message.startsWith('a: '),
    )
  wrong(bytes.subarray(0, 15))
  wrong(bytes.subarray(0, bytes.length - 1))
  wrong(bytes.with(3, 1))
  wrong(bytes.with(11, 0).with(10, 0))
  wrong(bytes.with(8, 255))
})

/** Share of points in the order of digits whose nearest is of the same digit. */
function nearestAlike(points: Float32Array): number {
  const count = points.length / 2
  let alike = 0
  for (let i = 0; i < count; i++) {
    let best = { square: Number.POSITIVE_INFINITY, k: -1 }
    for (let k = 0; k < count; k++) {
      const square = (points[2 * k]! - points[2 * i]!) ** 2 + (points[2 * k + 1]! - points[2 * i + 1]!) ** 2
      if (k !== i && square < best.square) best = { square, k }
    }
    if (best.k % 10 === i % 10) alike++
  }
  return alike / count
}

test('an autoencoder restores digits that it has not seen, far better than their mean does; the same seed, the same one', async () => {
  const [learnt, held] = [digits(1600, seed), digits(300, seed, 1600)]
  const trained = await autoencoder(learnt, pixels, { epochs: 30, seed })
  assert.equal(trained.parameters, 50_992)
  const reconstructed = await trained.reconstruct(held)
  assert.ok(reconstructed.every((value) => value >= 0 && value <= 1))
  const { reconstruction, mean } = errorsOf(held, reconstructed, learnt, pixels)
  assert.ok(reconstruction < 0.6 * mean, `seed ${seed}: ${reconstruction}, by the mean image ${mean}`)
  const codes = trained.encode(held)
  assert.equal(codes.length, 300 * codeColumns)
  assert.ok(
    codes.every((value) => value >= 0 && Number.isFinite(value)),
    'as the code layer has them',
  )
  const alike = nearestAlike(principalAxes(codes, codeColumns))
  assert.ok(alike > 0.16, `seed ${seed}: nearest on the map is the same digit for ${alike}, by chance for 0.1`)
  const [first = 0, last = 1] = [trained.losses[0], trained.losses.at(-1)]
  assert.ok(last < first / 2, trained.losses.join())
  const brief = { epochs: 1, seed }
  const [one, two] = [await autoencoder(learnt, pixels, brief), await autoencoder(learnt, pixels, brief)]
  assert.deepEqual(await one.reconstruct(held), await two.reconstruct(held))
})

test('a map: the axis of the largest variance first, a coloured point an image', () => {
  // Along (3, 4) / 5 they differ by 10, across by 2; the third column stands still.
  const codes = Float32Array.of(3, 4, 7, -3, -4, 7, 0.8, -0.6, 7, -0.8, 0.6, 7)
  const points = Array.from(principalAxes(codes, 3), (value) => Math.abs(value))
  for (const [i, expected] of [5, 0, 5, 0, 0, 1, 0, 1].entries())
    assert.ok(Math.abs((points[i] ?? 0) - expected) < 1e-5, points.join())
  const drawn = map(Float32Array.of(-1, 0, 1, 0, 0, 2), [3, 3, 7])
  const dots = [...drawn.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="3" fill="(#\w+)"/g)].map((each) =>
    each.slice(1),
  )
  assert.deepEqual(
    dots.map(([x, y]) => [x, y]),
    [
      ['24.0', '24.0'],
      ['616.0', '24.0'],
      ['320.0', '616.0'],
    ],
  )
  assert.equal(dots[0]?.[2], dots[1]?.[2])
  assert.notEqual(dots[0]?.[2], dots[2]?.[2])
  assert.equal(map(Float32Array.of(1, 1), null).includes('<text'), false)
})

test('PNG: its checks are right and its lines hold the pixels; a picture has originals over what was made of them', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  const lines = [Float32Array.of(1, 0), Float32Array.of(0, 0.5), Float32Array.of(0, 1)]
  const drawn = picture({ lines, rows: 1, columns: 1 })
  const at = (x: number, y: number): number | undefined => drawn.pixels[y * drawn.width + x]
  assert.deepEqual([at(4, 12), at(10, 12), at(4, 18), at(10, 18), at(4, 24), at(10, 24)], [0, 255, 255, 127, 255, 0])
  const bytes = Buffer.from(png(drawn))
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
  assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [drawn.width, drawn.height])
  const chunks = new Map<string, Buffer>()
  for (let from = 8; from < bytes.length; ) {
    const body = bytes.subarray(from + 4, from + 8 + bytes.readUInt32BE(from))
    assert.equal(bytes.readUInt32BE(from + 4 + body.length), crc32(body))
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4))
    from += 8 + body.length
  }
  assert.deepEqual([...chunks.keys()], ['IHDR', 'IDAT', 'IEND'])
  const filtered = inflateSync(chunks.get('IDAT') ?? new Uint8Array(0))
  assert.deepEqual(new Uint8Array(filtered.subarray(1, 1 + drawn.width)), drawn.pixels.slice(0, drawn.width))
  assert.equal(filtered.length, drawn.height * (drawn.width + 1))
})

test('the command draws them, from a file of the user too, and refuses what it cannot use', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-digits-'))
  const main = path.resolve(import.meta.dirname, '../../examples/digits/main.js')
  const run = (...args: string[]): { code: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: dir, encoding: 'utf8' })
    return { code: status, stdout, stderr }
  }
  try {
    writeFileSync(path.join(dir, 'images.gz'), gzipSync(idxOf(digits(50, seed))))
    const drawn = run('--idx', 'images.gz', '--epochs', '2', '--out', 'a.png')
    assert.equal(drawn.code, 0, drawn.stderr)
    assert.match(drawn.stdout, /40 images of 28 × 28, 50992 parameters[\s\S]*over 10 held-out images/)
    assert.equal(readFileSync(path.join(dir, 'a.png')).toString('latin1', 1, 4), 'PNG')
    assert.match(readFileSync(path.join(dir, 'a.map.svg'), 'utf8'), /^<svg (.*\n)+(<circle .*\n){10}<\/g>\n<\/svg>\n$/)
    assert.match(drawn.stdout, /with noise of 0.3: 0\.\d+, restored 0\.\d+/)
    const refused: readonly (readonly [args: string, message: RegExp])[] = [
      ['--idx nowhere', /nowhere: /],
      ['--idx a.png', /a.png: no IDX file/],
      ['--images few', /--images: give a whole number from 10 on/],
      ['--what', /Usage: /],
      ['--images 10 --epochs 1 --out no/a.png', /no\/a.png: /],
    ]
    for (const [args, message] of refused) {
      const found = run(...args.split(' '))
      assert.match(found.stderr, message)
      assert.equal(found.code, 2, args)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
