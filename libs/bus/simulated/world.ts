// World: what the processes of one simulation share, made from a seed.

import { Broker } from './broker.ts'
import { Group } from './group.ts'
import type { SimulatedWorld } from './simulated.ts'
import { VirtualTime } from './virtual-time.ts'
import type { Faults } from './wire.ts'

export function simulatedWorld(seed: number, startMs: number, faults: Faults): SimulatedWorld {
  const time = new VirtualTime(seed, startMs)
  const broker = new Broker(time)
  const groups = new Map<string, Group>()
  return {
    time,
    broker,
    faults,
    group: (name, topic) => {
      const group = groups.get(name) ?? new Group(time, () => broker.partitions(topic))
      groups.set(name, group)
      return group
    },
  }
}
