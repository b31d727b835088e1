// The embedded log: the contract, and what only it promises (one owner, readers beside it, durability).

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { busContract, type World } from '../contract/bus.ts'

function temporary(): string {
  return mkdtempSync(path.join(tmpdir(), 'plumbline-log-'))
}

async function open(): Promise<World> {
  const dir = temporary()
  const bus = await embedded({ dir, mode: 'own' })
  return {
    bus,
    settle: (promise) => promise,
    close: async () => {
      await bus.close()
      rmSync(dir, { recursive: true })
    },
  }
}

busContract('embedded', { open, prefix: 'contract', timeoutMs: 20_000 })

test('a second owner is refused while the first lives, and taken in after it closed', async () => {
  const dir = temporary()
  const first = await embedded({ dir, mode: 'own' })
  await assert.rejects(embedded({ dir, mode: 'own' }), { code: 'log-owned' })
  await first.close()
  const second = await embedded({ dir, mode: 'own' })
  await second.close()
  rmSync(dir, { recursive: true })
})
