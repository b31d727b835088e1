// Jars: Apache Kafka itself from Maven Central, downloaded once into a cache outside the checkout, with what makes its
// start short: an archive of loaded classes (AppCDS) and the checkpoint that formatting a log directory would write.
// Invariants
//   J1 a folder under its final name is complete: everything is made beside it and renamed.
//   J2 one process prepares, the others wait for it; a lock whose owner is gone is taken over.
//   J3 the class path is one string, in one order: the archive of classes is refused by the JVM otherwise.

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

export const kafkaVersion = '4.4.0'
const log4jVersion = '2.25.4'
const prepareMsMax = 300_000

export interface Jars {
  readonly folder: string
  readonly classPath: string
  /** Names the JVM, since an archive of classes fits only the build that wrote it. */
  readonly javaVersion: string
}

const cacheFolder = (): string => process.env['PLUMBLINE_CACHE'] ?? join(homedir(), '.cache', 'plumbline')

/** The jars, or the reason why there are none. */
export async function jars(): Promise<Jars | string> {
  const javaVersion = versionOf('java', ['-version'], /version "([^"]+)"/)
  if (javaVersion === null) return 'there is no java'
  if (Number.parseInt(javaVersion, 10) < 17) return `Kafka ${kafkaVersion} needs Java 17, found ${javaVersion}`
  const folder = join(cacheFolder(), `kafka-${kafkaVersion}`)
  if (!existsSync(folder)) {
    if (versionOf('mvn', ['-v'], /Maven (\S+)/) === null) return 'there is no mvn to download Kafka with'
    try {
      await locked(`${folder}.lock`, async () => {
        if (!existsSync(folder)) await download(folder)
      })
    } catch (error) {
      return `Kafka could not be downloaded from Maven Central: ${error instanceof Error ? error.message : error}`
    }
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.jar'))
  const classPath = names
    .sort()
    .map((name) => join(folder, name))
    .join(':')
  return { folder, classPath, javaVersion }
}

async function download(folder: string): Promise<void> {
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  const dependency = (group: string, name: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  // Without a binding of log4j the broker's log, and with it the reason of every failed start, is dropped.
  writeFileSync(
    join(part, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>plumbline</groupId>
<artifactId>test-broker</artifactId><version>1</version><packaging>pom</packaging><dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
${dependency('org.apache.kafka', 'kafka-tools', kafkaVersion)}
${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', log4jVersion)}
</dependencies></project>`,
  )
  const goal = ['-B', '-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${part}`]
  await promisify(execFile)('mvn', ['-f', join(part, 'pom.xml'), ...goal])
  renameSync(part, folder)
}

/** Runs `work` while this process alone holds the lock. */
export async function locked(path: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true })
  for (let waitedMs = 0; ; waitedMs += 100) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      break
    } catch {
      if (waitedMs > prepareMsMax) throw new Error(`waited too long for ${path}`)
      if (!ownerLives(path)) rmSync(path, { force: true })
      else await wait(100)
    }
  }
  try {
    await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function ownerLives(path: string): boolean {
  try {
    const owner = Number(readFileSync(path, 'utf8'))
    // Empty: its owner is between creating and writing it.
    if (owner > 0) process.kill(owner, 0)
    return true
  } catch {
    return false
  }
}

function versionOf(command: string, options: string[], pattern: RegExp): string | null {
  try {
    const text = execFileSync('sh', ['-c', `${command} ${options.join(' ')} 2>&1`], { encoding: 'utf8' })
    return pattern.exec(text)?.[1] ?? null
  } catch {
    return null
  }
}
