import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { category } from '../../libs/codec/category.ts'
import { runs, seed } from './seed.ts'

test(`a text is the first value that it equals, whatever lies around it (seed ${seed})`, () => {
  const text = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('', 'a', 'aa', 'ab', 'é', 'e', '😀'))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), fc.array(text, { maxLength: 20 }), (values, texts) => {
      const known = category(values)
      for (const one of [...texts, ...values]) {
        const bytes = Buffer.from(`<${one}>`)
        assert.equal(known.text(bytes, 1, bytes.length - 2), values.indexOf(one))
        assert.equal(known.of(one), values.indexOf(one))
      }
    }),
    runs(100),
  )
})

test('an integer is the value that is written as it is', () => {
  const known = category(['7', '-3', '07', '1.0', 'x', '', '7', '9007199254740993'])
  assert.deepEqual([7, -3, 1, 0, 8, 9007199254740992].map(known.integer), [0, 1, -1, -1, -1, -1])
})
