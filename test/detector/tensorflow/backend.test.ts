import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { chooseBackend, nativeAbsent } from '../../../libs/detector/tensorflow/backend.ts'

const reason = await nativeAbsent()
const present = reason === null ? false : `native backend absent: ${reason}`

test('a setting forces a backend; auto takes WebAssembly for narrow networks', async () => {
  assert.equal(await chooseBackend('cpu', 1000), 'cpu')
  assert.equal(await chooseBackend('wasm', 1000), 'wasm')
  assert.equal(await chooseBackend('tensorflow', 64), 'wasm')
})

test('auto takes the native backend for wide networks where it is installed', { skip: present }, async () => {
  assert.equal(await chooseBackend('tensorflow', 784), 'node')
  assert.equal(await chooseBackend('node', 8), 'node')
})

test('without the native backend auto does without it, and asking for it says what to do', {
  skip: reason === null ? 'the native backend is installed' : false,
}, async () => {
  assert.equal(await chooseBackend('tensorflow', 784), 'wasm')
  await assert.rejects(
    chooseBackend('node', 8),
    (thrown) => thrown instanceof Failure && thrown.message.includes('install-tfjs-node'),
  )
})
