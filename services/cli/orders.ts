// Orders: carrying out what is asked of a stream (train, promote, roll back, label), and getting it done from the command
// line: by writing to the log, or, where another process owns the embedded log, by asking that process over its API. The
// owner leaves its address beside the log.

import path from 'node:path'
import { type Feedback, feedbackMessage } from '../../libs/alert/feedback.ts'
import { registryIdOf, topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { parseArtefact } from '../../libs/detector/artefact.ts'
import type { Publications } from '../../libs/detector/publication.ts'
import type { Settings } from '../../libs/run/settings.ts'
import { type Order, orderRequest } from '../console/order.ts'
import { promote, readPublications } from '../trainer/promote.ts'
import { openWriter } from './bus-settings.ts'
import type { Context } from './context.ts'

export type Done = Readonly<Record<string, string>>

/** Where the owner of the embedded log says how to reach it. */
export function addressFile(settings: Settings): string {
  return path.join(settings.data, 'api-address')
}

export async function getDone(context: Context, order: Order): Promise<Done> {
  let bus: Bus
  try {
    bus = await openWriter(context)
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'log-owned') return await askOwner(context, order, thrown)
    throw thrown
  }
  try {
    return await carryOut(bus, context.settings.prefix, context.clock.nowMs(), order)
  } finally {
    await bus.close()
  }
}

export async function carryOut(bus: Bus, prefix: string, nowMs: number, order: Order): Promise<Done> {
  switch (order.kind) {
    case 'train':
      return await requestTraining(bus, prefix, nowMs, order.stream)
    case 'promote':
      return await moveChampion(bus, prefix, nowMs, order, (known) => versionOf(known, order.stream, order.version))
    case 'rollback':
      return await moveChampion(bus, prefix, nowMs, order, (known) => {
        const previous = known.pointer(order.stream)?.previous ?? null
        if (previous !== null) return previous
        throw new Failure('usage', `${order.stream}: the champion has no predecessor to go back to`)
      })
    case 'label':
      return await publishLabels(bus, prefix, order.stream, order.labels)
    default:
      return order satisfies never
  }
}

async function requestTraining(bus: Bus, prefix: string, timestampMs: number, stream: string): Promise<Done> {
  const text = new TextEncoder()
  const request = { kind: 'train', stream }
  const value = text.encode(JSON.stringify(request))
  const topic = topics(prefix, stream).control
  await bus.publish([{ topic, partition: null, key: text.encode(stream), value, headers: [], timestampMs }])
  return request
}

async function publishLabels(bus: Bus, prefix: string, stream: string, labels: readonly Feedback[]): Promise<Done> {
  const topic = topics(prefix, stream).feedback
  await bus.publish(labels.map((label) => feedbackMessage(topic, stream, label)))
  return { kind: 'label', stream, labels: String(labels.length) }
}

async function moveChampion(
  bus: Bus,
  prefix: string,
  nowMs: number,
  { kind: by, stream }: Order,
  choose: (known: Publications) => string,
): Promise<Done> {
  const names = topics(prefix, stream)
  const known = await readPublications(bus, names.detectors)
  const version = choose(known)
  const expected = known.pointer(stream)?.version ?? null
  // It would become its own predecessor, and nothing would be left to go back to.
  if (version === expected) throw new Failure('usage', `${stream}: ${version} is the champion already`)
  const model = parseArtefact(known.artefact(stream, version) ?? new Uint8Array(0))
  await promote({
    bus,
    topics: names,
    prefix,
    stream,
    revision: model.layout.revision,
    version,
    artefact: null,
    expected,
    threshold: null,
    by,
    nowMs,
  })
  return { stream, champion: version, by, registry: registryIdOf(prefix, stream) }
}

/** A version by its beginning. */
export function versionOf(known: Publications, stream: string, version: string): string {
  const found = known.versions(stream).filter((each) => each.startsWith(version))
  if (found.length === 1) return found[0] as string
  throw new Failure(
    'usage',
    found.length === 0
      ? `${stream} has no version that begins with ${version}; see \`plumbline models list ${stream}\``
      : `${found.length} versions of ${stream} begin with ${version}; give more digits`,
  )
}

async function askOwner({ files, settings }: Context, order: Order, owned: Failure): Promise<Done> {
  const file = addressFile(settings)
  if (!files.exists(file)) throw owned
  const { path: where, body } = orderRequest(order)
  const token = settings.consoleToken?.reveal()
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const url = `${files.readText(file).trim()}${where}`
  let response: Response
  try {
    response = await fetch(url, { method: 'POST', headers, body })
  } catch (thrown) {
    throw new Failure('log-owned', `${owned.message} (its interface at ${url} does not answer)`, thrown)
  }
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as Done
  throw new Failure(
    [400, 404, 422].includes(response.status) ? 'usage' : 'broker-refused',
    refusalIn(answer) ?? `${url}: ${response.status}`,
  )
}

function refusalIn(answer: unknown): string | null {
  const { error } = (answer ?? {}) as { readonly error?: { readonly message?: unknown } }
  return typeof error?.message === 'string' ? error.message : null
}
