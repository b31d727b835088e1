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
    throw new Failure('file-unreadable', `${file}: ${reasonOf(thrown)}`, thrown)
  }
}

/** What the system says, and what to do about it. */
export function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder; check the path'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'no permission; change it, or choose another place'
    case 'EISDIR':
      return 'is a folder; name a file in it'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file stands where a folder is needed; choose another place'
    case 'ENOSPC':
      return 'the disk is full; make room'
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return 'is not a whole gzip file; pack it again, or take .gz off its name'
    default:
      return thrown instanceof Error ? thrown.message : String(thrown)
  }
}
