// Load: an artefact becomes a detector only if hash, revision and golden vectors agree.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { detector, load } from '../../libs/detector/load.ts'
import { sampleModel, sampleRows } from './sample-model.ts'

const seed = 5
const model = sampleModel({ widths: [9, 4, 9], activation: { kind: 'relu' }, scoring: 'mahalanobis', members: 2, seed })
const bytes = artefact(model, sampleRows(model, 20, 0.05, seed))
const version = sha256(bytes)

function refusedAs(code: string, found: RegExp): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof Failure && thrown.code === code && found.test(thrown.message)
}

test('a loaded detector says what it is and scores as the model it was made of', () => {
  const loaded = load(bytes, { version, revision: model.layout.revision })
  const direct = detector(model, 'none')
  assert.equal(loaded.version, version)
  assert.equal(loaded.revision, model.layout.revision)
  assert.equal(loaded.kind, model.kind)
  assert.equal(loaded.width, 9)
  assert.equal(loaded.threshold, model.calibration.threshold)
  assert.equal(loaded.input.length, loaded.rowsMax * 9)
  const rows = sampleRows(model, 100, 0.02, 6)
  const [a, b] = [new Float32Array(100), new Float32Array(100)]
  loaded.input.set(rows)
  loaded.score(100, a)
  direct.input.set(rows)
  direct.score(100, b)
  assert.deepEqual(a, b)
})

test('another version or another revision than expected is refused', () => {
  const wanted = version.replace(/./, (digit) => (digit === '0' ? '1' : '0'))
  assert.throws(() => load(bytes, { version: wanted }), refusedAs('artefact-invalid', /is expected/))
  assert.throws(() => load(bytes, { revision: 'fedcba9876543210' }), refusedAs('artefact-mismatch', /train again/))
})

test('golden vectors are held against both kernels', () => {
  assert.equal(load(bytes, {}, wasmKernel).version, version)
  assert.equal(load(bytes, {}, twinKernel).version, version)
  const off = (make: typeof wasmKernel, factor: number): typeof wasmKernel => {
    return (size) => {
      const kernel = make(size)
      return {
        ...kernel,
        run: (program, rows, chunk) => {
          const missing = kernel.run(program, rows, chunk)
          const heap = new Float32Array(kernel.memory)
          for (let i = 0; i < heap.length; i++) if (heap[i]! > 1 && heap[i]! < 1e6) heap[i] = heap[i]! * factor
          return missing
        },
      }
    }
  }
  assert.throws(() => load(bytes, {}, off(wasmKernel, 1 + 1e-6)), refusedAs('artefact-invalid', /golden row/))
  assert.throws(() => load(bytes, {}, off(twinKernel, 1 + 1e-3)), refusedAs('artefact-invalid', /golden row/))
})

test('loading does not depend on the alignment of the bytes', () => {
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  assert.equal(load(shifted.subarray(3), { version }).version, version)
})

test('where the host has no WebAssembly the twin scores, with the same bits', () => {
  const rows = sampleRows(model, 4, 0.1, 8)
  const scores = new Float32Array(4)
  const here = load(bytes, { version })
  here.input.set(rows)
  here.score(4, scores)
  const module = new URL('../../libs/detector/load.js', import.meta.url).href
  const program = `
    const { load } = await import(${JSON.stringify(module)})
    const detector = load(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'), {})
    detector.input.set(Float32Array.from(${JSON.stringify([...rows].map((x) => (Number.isNaN(x) ? 'NaN' : x)))}, Number))
    const scores = new Float32Array(4)
    detector.score(4, scores)
    process.stdout.write(typeof WebAssembly + ' ' + [...scores].join(' '))`
  const child = spawnSync(process.execPath, ['--jitless', '--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(child.stdout, `undefined ${[...scores].join(' ')}`, child.stderr)
})
