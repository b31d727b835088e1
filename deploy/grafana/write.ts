// Write: puts the generated dashboard where Grafana is provisioned from. `npm run build && node dist/deploy/grafana/write.js`.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { dashboard } from './dashboard.ts'

let root = import.meta.dirname
while (!existsSync(path.join(root, 'package.json'))) root = path.dirname(root)
writeFileSync(path.join(root, 'deploy/grafana/plumbline.json'), dashboard())
