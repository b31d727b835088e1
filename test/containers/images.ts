// Images: those of others, as they are named in our files. Pulled from where they are published; where that cannot be reached
// (PLUMBLINE_STAND_INS=1 does not even ask), a stand-in is built and labelled, and the report says which of the two it was.

import type { Engine } from './engine.ts'
import { standIn } from './stand-ins.ts'

export interface Image {
  readonly kind: 'image'
  readonly reference: string
  /** "published", or what stands in for it. */
  readonly origin: string
}

export interface NoImage {
  readonly kind: 'none'
  readonly reason: string
}

export const STAND_IN_LABEL = 'plumbline.stand-in'
const pullMsMax = 180_000

export async function image(engine: Engine, reference: string): Promise<Image | NoImage> {
  const full = qualified(reference)
  const held = await engine.run(['image', 'inspect', '--format', `{{index .Config.Labels "${STAND_IN_LABEL}"}}`, full])
  // The label of an image without labels prints as "<no value>" or as nothing.
  const label = held.out.trim().replace('<no value>', '')
  if (held.code === 0 && label === '') return { kind: 'image', reference, origin: 'published' }
  if (process.env['PLUMBLINE_STAND_INS'] !== '1') {
    const pulled = await engine.run(['pull', '--quiet', full], { timeoutMs: pullMsMax })
    if (pulled.code === 0) return { kind: 'image', reference, origin: 'published' }
    if (engine.standIns === 'refused')
      return { kind: 'none', reason: `${reference} cannot be pulled: ${pulled.error.trim().slice(-300)}` }
  }
  if (engine.standIns === 'refused')
    return { kind: 'none', reason: `${reference} is not here, and no stand-in may take its name` }
  const built = await standIn(engine, full, label)
  return built.kind === 'none' ? built : { kind: 'image', reference, origin: `stand-in: ${built.what}` }
}

/** Names without a host are Docker Hub's. */
export function qualified(reference: string): string {
  const [first = '', second] = reference.split('/')
  if (second === undefined) return `docker.io/library/${reference}`
  return first.includes('.') || first === 'localhost' ? reference : `docker.io/${reference}`
}
