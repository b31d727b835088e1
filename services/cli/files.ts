// Files: the file system as the commands see it, passed down by main; every error says which file and what to do.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Failure } from '../../libs/core/failure.ts'

export interface Files {
  readText(path: string): string
  /** Relative to the folder of `path`. */
  readBeside(path: string, other: string): string
  /** Bytes; `.gz` is inflated. */
  readBytes(path: string): Uint8Array
  write(path: string, bytes: Uint8Array | string): void
  isFolder(path: string): boolean
  exists(path: string): boolean
  list(path: string): string[]
}

/** Largest file that is read whole, inflated, bytes. */
const fileBytesMax = 2 ** 31 - 1

export const files: Files = {
  readText: (file) => attempt(file, () => readFileSync(file, 'utf8')),
  readBeside: (file, other) => {
    const beside = path.resolve(path.dirname(file), other)
    return attempt(beside, () => readFileSync(beside, 'utf8'))
  },
  readBytes: (file) =>
    attempt(file, () => {
      const bytes = readFileSync(file)
      return file.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: fileBytesMax }) : bytes
    }),
  write: (file, bytes) => attempt(file, () => writeFileSync(file, bytes)),
  isFolder: (file) => existsSync(file) && statSync(file).isDirectory(),
  exists: (file) => existsSync(file),
  list: (folder) => attempt(folder, () => readdirSync(folder).sort()),
}

function attempt<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Failure('file-unreadable', `${file}: ${reason}; check the path and its permissions`, thrown)
  }
}
