// Write: puts the generated reference into the documentation. `npm run reference`.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { reference } from './reference.ts'

let root = import.meta.dirname
while (!existsSync(path.join(root, 'package.json'))) root = path.dirname(root)
writeFileSync(path.join(root, 'docs/reference.md'), reference())
