// Root: where the checkout is, found from wherever the tests were compiled to.

import { existsSync } from 'node:fs'
import path from 'node:path'

function rootOf(from: string): string {
  let folder = from
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}

/** The folder of package.json. */
export const root = rootOf(import.meta.dirname)
