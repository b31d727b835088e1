// Deployment: the streams that a command works on, from spec files or directories of them. One spec file per stream.

import { Failure } from '../../libs/core/failure.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream } from '../../libs/stream/stream-compile.ts'
import type { Files } from './files.ts'

/** All specs under the paths given: a file is a spec, a directory holds `*.yaml` or one `stream.yaml` a folder. */
export function deployment(files: Files, paths: readonly string[]): Stream[] {
  const found = paths.flatMap((path) => specFiles(files, path))
  if (found.length === 0) {
    throw new Failure(
      'usage',
      `no spec file under ${paths.join(', ') || '(nothing)'}; give a stream.yaml or a folder of them`,
    )
  }
  const streams = found.map((path) =>
    stream(parse(files.readText(path), path, (other) => files.readBeside(path, other))),
  )
  const names = new Map<string, string>()
  for (const [i, each] of streams.entries()) {
    const name = each.spec.stream
    const other = names.get(name)
    if (other !== undefined)
      throw new Failure('spec-invalid', `${found[i]}: stream ${name} is described in ${other} already`)
    names.set(name, found[i] ?? '')
  }
  return streams
}

export function specFiles(files: Files, path: string): string[] {
  if (!files.isFolder(path)) return [path]
  const entries = files.list(path)
  const own = entries.filter((name) => name.endsWith('.yaml') || name.endsWith('.yml')).map((name) => `${path}/${name}`)
  const nested = entries
    .filter((name) => files.isFolder(`${path}/${name}`))
    .flatMap((name) =>
      files
        .list(`${path}/${name}`)
        .filter((each) => each === 'stream.yaml')
        .map((each) => `${path}/${name}/${each}`),
    )
  return [...own, ...nested].sort()
}
