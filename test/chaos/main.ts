// The chaos program: prints a JSON report and exits 1 if anything does not agree.
//   npm run chaos -- [--bus embedded|kafka] [--kills 20] [--records 200000] [--pause 100] [--seed 1]
// With --bus kafka the broker is found, or started, as the tests do it (test/kafka/broker).

import { parseArgs } from 'node:util'
import { findBroker } from '../kafka/broker.ts'
import { chaos } from './chaos.ts'

const { values } = parseArgs({
  options: {
    bus: { type: 'string', default: 'embedded' },
    kills: { type: 'string', default: '20' },
    records: { type: 'string', default: '200000' },
    pause: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})
const bus = values.bus === 'kafka' ? 'kafka' : 'embedded'
const broker = bus === 'kafka' ? await findBroker() : null
if (broker?.kind === 'none') throw new Error(`no broker: ${broker.reason}`)
const report = await chaos({
  bus,
  brokers: broker?.brokers ?? [],
  kills: Number(values.kills),
  records: Number(values.records),
  pauseMs: Number(values.pause),
  seed: Number(values.seed),
  say: (line) => process.stderr.write(`${line}\n`),
}).finally(() => broker?.stop())
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(report.faults.length === 0 ? 0 : 1)
