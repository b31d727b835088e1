// Compiles the kernel (assembly/) to WebAssembly and writes it as wasm.ts, base64 in a module, which is not committed.
// Does nothing when wasm.ts was made from the same sources by the same compiler.

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import asc, { version } from 'assemblyscript/asc'

const here = import.meta.dirname
const flags = ['-O3', '--runtime', 'stub', '--importMemory', '--enable', 'simd', '--noAssert', '--use', 'abort=']
const target = path.join(here, 'wasm.ts')
const hash = createHash('sha256').update(version).update(flags.join(' '))
for (const name of readdirSync(path.join(here, 'assembly')).sort()) {
  hash.update(name).update(readFileSync(path.join(here, 'assembly', name)))
}
const stamp = `// Made from ${hash.digest('hex').slice(0, 16)}`

if (!existsSync(target) || !readFileSync(target, 'utf8').startsWith(stamp)) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-kernel-'))
  const binary = path.join(scratch, 'kernel.wasm')
  const { error, stderr } = await asc.main([path.join(here, 'assembly', 'index.ts'), '-o', binary, ...flags])
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`)
    process.exit(1)
  }
  const text = readFileSync(binary).toString('base64')
  writeFileSync(target, `${stamp} by build.mjs.\n\nexport const kernelWasm =\n  '${text}'\n`)
  rmSync(scratch, { recursive: true })
}
