import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOf, registryIdOf, topicShapes, topics } from '../../libs/alert/topics.ts'

test('names begin with the prefix; state is of the stream alone', () => {
  const names = topics('pl', 'cards')
  assert.equal(names.state, 'pl.state.cards')
  for (const [noun, name] of Object.entries(names)) if (noun !== 'state') assert.equal(name, `pl.${noun}`)
  assert.equal(groupOf('pl', 'cards'), 'pl.cards')
  assert.equal(registryIdOf('pl', 'cards'), 'pl.registry.cards')
})

test('a stream has as many partitions of state as of input, compacted like all that stays in force', () => {
  const names = topics('pl', 'cards')
  const shapes = topicShapes(names, 12)
  assert.equal(shapes.find((shape) => shape.topic === names.state)?.partitions, 12)
  const compacted = shapes.filter((shape) => shape.cleanup === 'compact').map((shape) => shape.topic)
  assert.deepEqual(compacted.sort(), [names.decisions, names.detectors, names.feedback, names.state].sort())
})
