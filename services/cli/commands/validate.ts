// validate: checks spec files offline, all faults at once, and says what each stream will take.

import { projectable } from '../../../libs/codec/projectable.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { bytesPerKey } from '../../../libs/stream/fold.ts'
import { check, faultText } from '../../../libs/stream/spec-parse.ts'
import { stream as compile } from '../../../libs/stream/stream-compile.ts'
import type { Context } from '../context.ts'
import { specFiles } from '../deployment.ts'

export function validate(context: Context, paths: readonly string[]): void {
  const found = paths.flatMap((path) => specFiles(context.files, path))
  if (found.length === 0) throw new Failure('usage', 'no spec file given; example: plumbline validate stream.yaml')
  let faults = 0
  const files = new Map<string, string>()
  for (const file of found) faults += validateOne(context, file, files)
  if (faults > 0) throw new Failure('spec-invalid', `${faults} ${faults === 1 ? 'fault' : 'faults'} in all`)
}

/** `described`: the file of each stream so far. */
function validateOne(context: Context, file: string, described: Map<string, string>): number {
  const { files, say, json } = context
  const parsed = check(files.readText(file), (other) => files.readBeside(file, other))
  if (parsed.kind === 'faults') {
    for (const fault of parsed.faults) say(json ? JSON.stringify({ file, ...fault }) : faultText(file, fault))
    return parsed.faults.length
  }
  const other = described.get(parsed.spec.stream)
  if (other !== undefined) {
    const problem = `stream ${parsed.spec.stream} is described in ${other} already`
    say(json ? JSON.stringify({ file, problem }) : `${file}: ${problem}`)
    return 1
  }
  described.set(parsed.spec.stream, file)
  const stream = compile(parsed.spec)
  const { schema } = stream.spec.source
  const problems = schema.kind === 'text' ? projectable(schema.text, stream.wants) : []
  for (const problem of problems) say(json ? JSON.stringify({ file, problem }) : `${file}: ${problem}`)
  if (problems.length > 0) return problems.length
  const facts = {
    file,
    stream: stream.spec.stream,
    topic: stream.spec.source.topic,
    revision: stream.revision,
    features: stream.layout.length,
    width: stream.width,
    horizonMs: stream.horizonMs,
    stateBytesPerKey: bytesPerKey(stream),
    stateBytesMax: bytesPerKey(stream) * stream.spec.keysMax,
  }
  say(
    json
      ? JSON.stringify(facts)
      : `${file}: stream ${facts.stream} is right: ${facts.features} features, rows of ${facts.width} numbers, ` +
          `at most ${Math.ceil(facts.stateBytesMax / 1_048_576)} MB of state a partition, revision ${facts.revision}`,
  )
  return 0
}
