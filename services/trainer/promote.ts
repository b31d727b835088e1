// Promote: moves the pointer of a stream to a version, by compare-and-set. The trainer and the command line both come here;
// whoever read an older pointer than the one on the topic is refused (I14).

import { eventMessage } from '../../libs/alert/events.ts'
import { registryIdOf, type Topics } from '../../libs/alert/topics.ts'
import type { Bus, Reader } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { Publications, publication } from '../../libs/detector/publication.ts'

export interface PromoteRequest {
  readonly bus: Bus
  readonly topics: Topics
  readonly prefix: string
  readonly stream: string
  readonly revision: string
  readonly version: string
  /** Null takes the artefact that the topic holds already. */
  readonly artefact: Uint8Array | null
  /** The version that must be the champion now; undefined moves the pointer whatever it is. */
  readonly expected: string | null | undefined
  readonly threshold: number | null
  readonly by: string
  readonly nowMs: number
}

/** Throws Failure('promotion-lost') if the champion is no longer `expected`. */
export async function promote(request: PromoteRequest): Promise<void> {
  const { bus, topics, stream, version, expected, nowMs } = request
  await bus.exclusively(registryIdOf(request.prefix, stream), async (reader) => {
    const known = await readPublications(reader, topics.detectors)
    const current = known.pointer(stream)?.version ?? null
    if (expected !== undefined && current !== expected) {
      throw new Failure(
        'promotion-lost',
        `${stream}: the champion is ${current ?? 'none'}, not ${expected ?? 'none'} as when this candidate was judged; train again`,
      )
    }
    const artefact = request.artefact ?? known.artefact(stream, version)
    if (artefact === null) {
      throw new Failure(
        'usage',
        `${stream}: no version ${version} on ${topics.detectors}; see \`plumbline models list\``,
      )
    }
    const messages = publication({ ...request, topic: topics.detectors, artefact }, known)
    messages.push(
      eventMessage(topics.events, {
        kind: 'promoted',
        stream,
        version,
        previous: current,
        by: request.by,
        atMs: nowMs,
      }),
    )
    return messages
  })
}

export async function readPublications(reader: Reader, topic: string): Promise<Publications> {
  const publications = new Publications()
  const partitions = await reader.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const range = await reader.range(topic, partition)
    for await (const records of reader.read(topic, partition, range.first, range.next)) publications.take(records)
  }
  return publications
}
