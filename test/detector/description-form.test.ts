// Layers over steps from outside: what the kernel could not run is refused with its place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { describe, parseDescription } from '../../libs/detector/description.ts'
import { sequenceModel, sequences } from './sequence-model.ts'

const cases: readonly { readonly of: string; readonly change: [RegExp | string, string]; readonly word: RegExp }[] = [
  { of: 'two strides of 2', change: ['"stride":2', '"stride":6'], word: /stride.*1 to 5/ },
  { of: 'two strides of 2', change: ['"steps":20', '"steps":21'], word: /20 steps at a stride of 2/ },
  { of: 'two strides of 2', change: ['"steps":40,"channels":8', '"steps":39,"channels":8'], word: /320 values/ },
  { of: 'two strides of 2', change: [/"channels":16/g, '"channels":9000'], word: /channels/ },
  { of: 'two strides of 2', change: ['"kind":"tanh"', '"kind":"softmax"'], word: /activation\.kind/ },
  { of: 'images', change: ['"kernel":3,"stride":2', '"kernel":3,"stride":4'], word: /stride.*1 to 3/ },
  { of: 'images', change: ['"kernel":3', '"kernel":17'], word: /kernel.*1 to 16/ },
  { of: 'images', change: ['"inputLines":8', '"inputLines":7'], word: /lines of equal length/ },
  { of: 'images', change: ['"inputLines":8', '"inputLines":16'], word: /8 × 3 places at a stride of 2/ },
  { of: 'images', change: ['"outputLines":8', '"outputLines":12'], word: /places at a stride of 2/ },
  { of: 'LSTM', change: [/"channels":8/g, '"channels":12'], word: /a multiple of 8/ },
  { of: 'LSTM', change: ['"cell":"lstm"', '"cell":"elman"'], word: /cell.*one of lstm, gru/ },
  { of: 'GRU', change: ['"direction":"backward"', '"direction":"both"'], word: /direction/ },
  { of: 'attention', change: ['"heads":2', '"heads":3'], word: /a head, of 4/ },
  { of: 'attention', change: ['"hidden":24', '"hidden":20'], word: /hidden.*a multiple of 8/ },
  { of: 'attention', change: ['"heads":2', '"heads":2,"dropout":0.1'], word: /dropout/ },
]

for (const { of, change, word } of cases)
  test(`${of} with ${change[1]} is refused`, () => {
    const { forms } = sequences.find(({ name }) => name === of) ?? sequences[0]!
    const text = JSON.stringify(describe(sequenceModel(forms, 1)))
    parseDescription(text)
    const changed = text.replace(change[0], change[1])
    assert.notEqual(changed, text)
    assert.throws(
      () => parseDescription(changed),
      (thrown) => thrown instanceof Failure && thrown.code === 'artefact-invalid' && word.test(thrown.message),
    )
  })
