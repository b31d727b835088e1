import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { reference } from '../../deploy/reference/reference.ts'
import { root } from '../root.ts'

test('the reference in the documentation is what the code declares; npm run reference writes it', () => {
  assert.equal(readFileSync(path.join(root, 'docs/reference.md'), 'utf8'), reference())
})
