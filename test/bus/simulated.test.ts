// The simulated bus, held to the contract that the real ones are held to.

import { SimulatedBus } from '../../libs/bus/simulated/simulated.ts'
import { Process } from '../../libs/bus/simulated/virtual-time.ts'
import { simulatedWorld } from '../../libs/bus/simulated/world.ts'
import { busContract, type World } from '../contract/bus.ts'

const START_MS = 1_700_000_000_000
const LIMIT_MS = 600_000
let seed = Number(process.env['SEED'] ?? 1)

async function open(): Promise<World> {
  console.log(`# seed ${seed}`)
  const world = simulatedWorld(seed++, START_MS, { requestLost: 0, replyLost: 0, delayed: 0 })
  const bus = new SimulatedBus({
    world,
    process: new Process(world.time),
    name: 'one',
    fetchRecordsMax: 20,
    wrap: (client) => client,
  })
  return {
    bus,
    settle: async (promise) => {
      let settled = false
      const both = promise.finally(() => {
        settled = true
      })
      both.catch(() => undefined)
      if (!(await world.time.drive(() => settled, START_MS + LIMIT_MS))) throw new Error('nothing happens any more')
      return await both
    },
    close: () => bus.close(),
  }
}

busContract('simulated', { open, prefix: 'contract', timeoutMs: 20_000 })
