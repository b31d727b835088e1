// The test broker itself: ready when it says so, and the same after a crash.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ownCluster } from './broker.ts'

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host = '', port = ''] = address.split(':')
    const socket = connect(Number(port), host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test('a broker from jars starts, dies and starts again on its port', async (t) => {
  const found = await ownCluster(1)
  if (found.kind === 'none') return t.skip(found.reason)
  const address = found.brokers[0] ?? ''
  assert.equal(await answers(address), true)
  await found.control?.kill(1, 'SIGKILL')
  assert.equal(await answers(address), false)
  await found.control?.start(1)
  assert.equal(await answers(address), true)
  await found.stop()
  assert.equal(await answers(address), false)
})
