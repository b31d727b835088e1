// models: the detectors of a stream: list, show, promote, rollback.

import { topics } from '../../../libs/alert/topics.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import type { Json } from '../../../libs/detector/model.ts'
import type { Publications } from '../../../libs/detector/publication.ts'
import type { Order } from '../../console/order.ts'
import { readPublications } from '../../trainer/promote.ts'
import { openReader } from '../bus-settings.ts'
import type { Context } from '../context.ts'
import { getDone, versionOf } from '../orders.ts'

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
  const wanted = version === null ? known.pointer(stream)?.version : versionOf(known, stream, version)
  if (wanted === undefined) throw new Failure('usage', `${stream} has no champion yet`)
  const model = parseArtefact(known.artefact(stream, wanted) ?? new Uint8Array(0))
  const { kind, width, layout, calibration, manifest, gate, parent } = model
  const facts = {
    version: wanted,
    pointer: known.pointer(stream),
    kind,
    setting: settingOf(manifest),
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

/** Of an ensemble, how much it spends on a row. */
function settingOf(manifest: Json): Json {
  return manifest !== null && typeof manifest === 'object' && 'setting' in manifest
    ? (manifest['setting'] ?? null)
    : null
}

export async function promoteModel(context: Context, stream: string, version: string): Promise<void> {
  await change(context, { kind: 'promote', stream, version })
}

export async function rollbackModel(context: Context, stream: string): Promise<void> {
  await change(context, { kind: 'rollback', stream })
}

async function change(context: Context, order: Order): Promise<void> {
  const done = await getDone(context, order)
  context.say(context.json ? JSON.stringify(done) : `${order.stream}: ${done['champion']} is the champion now`)
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
