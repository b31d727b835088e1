// Store: the LMDB environment of an embedded log and its tables. The only door to lmdb. Owns the environment.
// Invariants
//   S1 `write` is one LMDB transaction: all of it or nothing, and it is synced to disk before its promise resolves.
//   S2 a write by an owner whose epoch is old writes nothing and rejects with Failure('fenced').
// Readers in other threads and processes open the same directory read-only; `refresh` gives them the newest snapshot.

import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { Failure } from '../../core/failure.ts'
import { type Identity, isAlive, ownIdentity } from './owner.ts'

export type BatchKey = [topic: number, partition: number, baseOffset: number]
export type HeadKey = [topic: number, partition: number]
export type GroupKey = [group: string, topic: number, partition: number]

export interface TopicRow {
  readonly id: number
  readonly partitions: number
  readonly cleanup: 'compact' | 'delete'
  readonly retentionMs: number | null
}

export interface HeadRow {
  readonly first: number
  readonly next: number
  /** Greatest timestamp ever appended. */
  readonly maxTimestampMs: number
}

interface OwnerRow {
  readonly epoch: number
  readonly identity: Identity | null
}

/** Step by step: Node's own recursion never ends where a folder that exists takes no other, as below /proc. */
function makeFolders(dir: string): void {
  if (existsSync(dir)) return
  const parent = path.dirname(dir)
  makeFolders(parent)
  try {
    mkdirSync(dir)
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
    // Another process was quicker; if what it made is a file, opening says so.
    if (code === 'EEXIST') return
    if (code !== 'ENOENT') throw thrown
    throw new Failure(
      'file-unreadable',
      `${dir} cannot be made: ${parent} takes no folders; choose another for the log with --data`,
      thrown,
    )
  }
}

const TABLES_MAX = 8
const FORMAT = 1

export class Store {
  readonly topics: Database<TopicRow, string>
  readonly heads: Database<HeadRow, HeadKey>
  readonly batches: Database<Uint8Array, BatchKey>
  readonly groups: Database<number, GroupKey>
  readonly #meta: Database<OwnerRow | number, string>
  readonly #root: RootDatabase
  readonly #dir: string
  readonly #epoch: number | null

  constructor(dir: string, mode: 'own' | 'read', identity: Identity = ownIdentity()) {
    if (mode === 'own') makeFolders(path.resolve(dir))
    else if (!existsSync(path.join(dir, 'data.mdb'))) {
      throw new Failure(
        'file-unreadable',
        `there is no log in ${dir}; start "plumbline up" with this data folder first`,
      )
    }
    this.#dir = dir
    this.#root = open(dir, { maxDbs: TABLES_MAX, readOnly: mode === 'read', noSubdir: false })
    try {
      this.#meta = this.#table('meta', 'json')
      this.topics = this.#table('topics', 'json')
      this.heads = this.#table('heads', 'json')
      this.batches = this.#table('batches', 'binary')
      this.groups = this.#table('groups', 'json')
      this.#epoch = mode === 'own' ? this.#own(identity) : null
      const format = this.#meta.get('format')
      if (format !== FORMAT) throw new Failure('log-corrupt', `${dir} holds a log of format ${format}, not ${FORMAT}`)
    } catch (thrown) {
      void this.#root.close()
      throw thrown
    }
  }

  #table<V, K extends BatchKey | HeadKey | GroupKey | string>(
    name: string,
    encoding: 'json' | 'binary',
  ): Database<V, K> {
    // Read-only, a table that was never made is undefined, whatever the types say.
    const table: Database<V, K> | undefined = this.#root.openDB<V, K>(name, { encoding })
    if (table === undefined)
      throw new Failure('log-corrupt', `the log has no table "${name}"; was its start interrupted?`)
    return table
  }

  #own(identity: Identity): number {
    return this.#root.transactionSync(() => {
      const row = this.#ownerRow()
      if (row?.identity != null && isAlive(row.identity)) {
        const who = `process ${row.identity.pid}`
        throw new Failure('log-owned', `${this.#dir} is owned by ${who}; use its HTTP interface, or stop it first`)
      }
      const epoch = (row?.epoch ?? 0) + 1
      this.#meta.putSync('owner', { epoch, identity })
      if (this.#meta.get('format') === undefined) this.#meta.putSync('format', FORMAT)
      return epoch
    })
  }

  #ownerRow(): OwnerRow | null {
    const row = this.#meta.get('owner')
    return typeof row === 'object' ? row : null
  }

  async write(change: () => void): Promise<void> {
    if (this.#epoch === null) throw new Failure('log-owned', 'the log is open for reading only; its owner writes')
    let refusal: Failure | null
    try {
      refusal = await this.#root.transaction(() => this.#guarded(change))
      await this.#root.flushed
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      throw new Failure(
        'commit-unknown',
        `the log in ${this.#dir} cannot be written (${why}); is the disk full?`,
        thrown,
      )
    }
    if (refusal !== null) throw refusal
  }

  /** Refuses before anything is written; what `change` throws must be thrown before its first write. */
  #guarded(change: () => void): Failure | null {
    if (this.#ownerRow()?.epoch !== this.#epoch) {
      return new Failure('fenced', 'another process owns the log now; this one must stop')
    }
    change()
    return null
  }

  /** Reading sees everything committed until now. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  async close(): Promise<void> {
    if (this.#epoch !== null && this.#ownerRow()?.epoch === this.#epoch) {
      await this.#root.transaction(() => {
        const row = this.#ownerRow()
        if (row?.epoch === this.#epoch) this.#meta.put('owner', { epoch: row.epoch, identity: null })
      })
      await this.#root.flushed
    }
    await this.#root.close()
  }
}
