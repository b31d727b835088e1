// models: the detectors of a stream: list, show, promote, rollback.

import { registryIdOf, topics } from '../../../libs/alert/topics.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import type { Publications } from '../../../libs/detector/publication.ts'
import { promote, readPublications } from '../../trainer/promote.ts'
import { openReader, openWriter } from '../bus-settings.ts'
import type { Context } from '../context.ts'

export async function listModels(context: Context, stream: string): Promise<void> {
  const known = await readKnown(context, stream)
  const champion = known.pointer(stream)?.version
  for (const version of known.versions(stream)) {
    const model = parseArtefact(known.artefact(stream, version) ?? new Uint8Array(0))
    const facts = {
      version,
      champion: version === champion,
      kind: model.kind,
      revision: model.layout.revision,
      threshold: model.calibration.threshold,
      alarmRate: model.calibration.alpha,
      parent: model.parent,
    }
    context.say(
      context.json
        ? JSON.stringify(facts)
        : `${facts.champion ? '*' : ' '} ${version.slice(0, 12)}  ${facts.kind}  threshold ${facts.threshold.toPrecision(4)}  alarm rate ${facts.alarmRate}  revision ${facts.revision}`,
    )
  }
}

export async function showModel(context: Context, stream: string, version: string | null): Promise<void> {
  const known = await readKnown(context, stream)
  const wanted = version === null ? known.pointer(stream)?.version : find(known, stream, version)
  if (wanted === undefined) throw new Failure('usage', `${stream} has no champion yet`)
  const model = parseArtefact(known.artefact(stream, wanted) ?? new Uint8Array(0))
  const { kind, width, layout, calibration, manifest, gate, parent } = model
  const facts = {
    version: wanted,
    pointer: known.pointer(stream),
    kind,
    width,
    revision: layout.revision,
    features: layout.features,
    threshold: calibration.threshold,
    alarmRate: calibration.alpha,
    method: calibration.method,
    manifest,
    gate,
    parent,
  }
  context.say(JSON.stringify(facts, null, context.json ? 0 : 2))
}

export async function promoteModel(context: Context, stream: string, version: string): Promise<void> {
  await move(context, stream, 'promote', (known) => find(known, stream, version))
}

export async function rollbackModel(context: Context, stream: string): Promise<void> {
  await move(context, stream, 'rollback', (known) => {
    const previous = known.pointer(stream)?.previous ?? null
    if (previous === null) throw new Failure('usage', `${stream}: the champion has no predecessor to go back to`)
    return previous
  })
}

async function move(
  context: Context,
  stream: string,
  by: 'promote' | 'rollback',
  choose: (known: Publications) => string,
): Promise<void> {
  const { settings } = context
  const names = topics(settings.prefix, stream)
  const bus = await openWriter(context)
  try {
    const known = await readPublications(bus, names.detectors)
    const version = choose(known)
    const model = parseArtefact(known.artefact(stream, version) ?? new Uint8Array(0))
    await promote({
      bus,
      topics: names,
      prefix: settings.prefix,
      stream,
      revision: model.layout.revision,
      version,
      artefact: null,
      expected: known.pointer(stream)?.version ?? null,
      threshold: null,
      by,
      nowMs: context.clock.nowMs(),
    })
    const facts = { stream, champion: version, by, registry: registryIdOf(settings.prefix, stream) }
    context.say(context.json ? JSON.stringify(facts) : `${stream}: ${version} is the champion now`)
  } finally {
    await bus.close()
  }
}

async function readKnown(context: Context, stream: string): Promise<Publications> {
  const bus = await openReader(context)
  try {
    const known = await readPublications(bus, topics(context.settings.prefix, stream).detectors)
    if (known.versions(stream).length === 0) {
      throw new Failure('usage', `no detector of a stream called ${stream} has been published`)
    }
    return known
  } finally {
    await bus.close()
  }
}

/** A version by its beginning. */
function find(known: Publications, stream: string, version: string): string {
  const found = known.versions(stream).filter((each) => each.startsWith(version))
  if (found.length === 1) return found[0] as string
  throw new Failure(
    'usage',
    found.length === 0
      ? `${stream} has no version that begins with ${version}; see \`plumbline models list ${stream}\``
      : `${found.length} versions of ${stream} begin with ${version}; give more digits`,
  )
}
