// The digits: drawn by a seed and told apart, read from IDX, restored by an autoencoder, and the picture of it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync, inflateSync } from 'node:zlib'
import { autoencoder, errorsOf } from '../../examples/digits/autoencoder.ts'
import { digits, side } from '../../examples/digits/digit.ts'
import { parseIdx } from '../../examples/digits/idx.ts'
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

test('an autoencoder restores digits that it has not seen, far better than their mean does; the same seed, the same one', async () => {
  const [learnt, held] = [digits(1600, seed), digits(300, seed, 1600)]
  const trained = await autoencoder(learnt, pixels, { epochs: 30, seed })
  assert.equal(trained.parameters, 50_992)
  const reconstructed = await trained.reconstruct(held)
  assert.ok(reconstructed.every((value) => value >= 0 && value <= 1))
  const { reconstruction, mean } = errorsOf(held, reconstructed, learnt, pixels)
  assert.ok(reconstruction < 0.6 * mean, `seed ${seed}: ${reconstruction}, by the mean image ${mean}`)
  const [first = 0, last = 1] = [trained.losses[0], trained.losses.at(-1)]
  assert.ok(last < first / 2, trained.losses.join())
  const brief = { epochs: 1, seed }
  const [one, two] = [await autoencoder(learnt, pixels, brief), await autoencoder(learnt, pixels, brief)]
  assert.deepEqual(await one.reconstruct(held), await two.reconstruct(held))
})

test('PNG: its checks are right and its lines hold the pixels; a picture has originals over reconstructions', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  const pairs = { originals: Float32Array.of(1, 0), reconstructions: Float32Array.of(0, 0.5), rows: 1, columns: 1 }
  const drawn = picture(pairs)
  const at = (x: number, y: number): number | undefined => drawn.pixels[y * drawn.width + x]
  assert.deepEqual([at(4, 12), at(10, 12), at(4, 18), at(10, 18)], [0, 255, 255, 127])
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
  const lines = inflateSync(chunks.get('IDAT') ?? new Uint8Array(0))
  assert.deepEqual(new Uint8Array(lines.subarray(1, 1 + drawn.width)), drawn.pixels.slice(0, drawn.width))
  assert.equal(lines.length, drawn.height * (drawn.width + 1))
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
