// Debian: the system beneath our stand-ins, made by debootstrap from Debian's packages, as an image of that name. What this
// machine trusts is trusted within, so that a build reaches the package registries that the machine reaches.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { said } from './command.ts'
import type { Engine } from './engine.ts'
import { cacheFolder } from './podman.ts'

export const DEBIAN = 'localhost/plumbline-debian:bookworm'
const suite = 'bookworm'
const included = 'ca-certificates,curl'
const certificates = 'etc/ssl/certs/ca-certificates.crt'
const bootstrapMsMax = 600_000

export async function debian(engine: Engine): Promise<void> {
  if ((await engine.run(['image', 'exists', DEBIAN])).code === 0) return
  const folder = path.join(cacheFolder(), 'containers')
  mkdirSync(folder, { recursive: true })
  const made = mkdtempSync(path.join(folder, 'debian-'))
  try {
    const system = path.join(made, 'system')
    await said('debootstrap', ['--variant=minbase', `--include=${included}`, suite, system], {
      timeoutMs: bootstrapMsMax,
    })
    for (const kept of ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale']) {
      rmSync(path.join(system, kept), { recursive: true, force: true })
    }
    if (existsSync(`/${certificates}`)) copyFileSync(`/${certificates}`, path.join(system, certificates))
    const archive = path.join(made, 'system.tar')
    await said('tar', ['-C', system, '-cf', archive, '.'])
    await engine.said(['import', '--quiet', archive, DEBIAN])
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}
