import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../libs/core/near.ts'

test('finds what was meant, and nothing where nothing is near', () => {
  const known = ['brokers', 'seed', 'lateness', 'features']
  assert.equal(nearest('broker', known), 'brokers')
  assert.equal(nearest('sede', known), 'seed')
  assert.equal(nearest('Latenes', known), 'lateness')
  assert.equal(nearest('featuers', known), 'features')
  assert.equal(nearest('window', known), null)
  assert.equal(nearest('', known), null)
  assert.equal(nearest('x', []), null)
})
