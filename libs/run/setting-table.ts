// Setting table: every setting there is, declared once. Environment, flags, their checks, `--help` and the documentation
// all come from here. Variables are PLUMBLINE_ and the name in capitals; a flag is the name in kebab case.

export type SettingRow = {
  readonly name: string
  readonly variable: string
  readonly help: string
} & (
  | { readonly kind: 'text'; readonly default: string }
  /** Separated by commas; a flag may also be repeated. */
  | { readonly kind: 'list'; readonly default: readonly string[] }
  | {
      readonly kind: 'integer'
      readonly default: number
      readonly unit: 'ms' | 'bytes' | 'port' | 'number'
      readonly min: number
      readonly max: number
    }
  | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[] }
  /** Never a flag, since flags are seen by other users of the machine; also taken from the file that `…_FILE` names. */
  | { readonly kind: 'secret' }
)

const SWITCH = ['on', 'off'] as const
const MB = 1_048_576
const HOUR_MS = 3_600_000

export const settingTable = [
  {
    name: 'brokers',
    variable: 'PLUMBLINE_KAFKA_BROKERS',
    kind: 'list',
    default: [],
    help: 'Kafka brokers to start from, host:port; none: the embedded log.',
  },
  {
    name: 'data',
    variable: 'PLUMBLINE_DATA',
    kind: 'text',
    default: './.plumbline',
    help: 'Folder of the embedded log.',
  },
  {
    name: 'prefix',
    variable: 'PLUMBLINE_PREFIX',
    kind: 'text',
    default: 'plumbline',
    help: 'What the names of our topics, groups and transactional ids begin with.',
  },
  {
    name: 'specs',
    variable: 'PLUMBLINE_SPECS',
    kind: 'list',
    default: [],
    help: 'Spec files, or folders of them.',
  },
  {
    name: 'host',
    variable: 'PLUMBLINE_HOST',
    kind: 'text',
    default: '127.0.0.1',
    help: 'Address to listen on; beyond loopback the console needs a token.',
  },
  {
    name: 'metricsPort',
    variable: 'PLUMBLINE_METRICS_PORT',
    kind: 'integer',
    default: 9464,
    unit: 'port',
    min: 0,
    max: 65_535,
    help: 'Port of /metrics, /live and /ready; 0 takes a free one.',
  },
  {
    name: 'consolePort',
    variable: 'PLUMBLINE_CONSOLE_PORT',
    kind: 'integer',
    default: 9465,
    unit: 'port',
    min: 0,
    max: 65_535,
    help: 'Port of the console and the API; 0 takes a free one.',
  },
  {
    name: 'consoleToken',
    variable: 'PLUMBLINE_CONSOLE_TOKEN',
    kind: 'secret',
    help: 'Bearer token that the console and the API ask for.',
  },
  {
    name: 'partitions',
    variable: 'PLUMBLINE_PARTITIONS',
    kind: 'integer',
    default: 4,
    unit: 'number',
    min: 1,
    max: 1024,
    help: 'Partitions of an input topic that is made on the embedded log; on Kafka its owner decides.',
  },
  {
    name: 'seed',
    variable: 'PLUMBLINE_SEED',
    kind: 'integer',
    default: 1,
    unit: 'number',
    min: 0,
    max: 4_294_967_295,
    help: 'Seed of everything random in training and in the examples.',
  },
  {
    name: 'bufferedBytesMax',
    variable: 'PLUMBLINE_BUFFERED_BYTES_MAX',
    kind: 'integer',
    default: 64 * MB,
    unit: 'bytes',
    min: MB,
    max: 16_384 * MB,
    help: 'Bytes of a stream that may wait to be judged before its partitions are paused.',
  },
  {
    name: 'idleCommitMs',
    variable: 'PLUMBLINE_IDLE_COMMIT_MS',
    kind: 'integer',
    default: 1000,
    unit: 'ms',
    min: 10,
    max: HOUR_MS,
    help: 'Longest time between commits while there is nothing to publish.',
  },
  {
    name: 'commitMsMin',
    variable: 'PLUMBLINE_COMMIT_MS_MIN',
    kind: 'integer',
    default: 50,
    unit: 'ms',
    min: 0,
    max: HOUR_MS,
    help: 'Shortest time between commits of a partition; an alert waits so long at most, four times that while records wait.',
  },
  {
    name: 'logLevel',
    variable: 'PLUMBLINE_LOG_LEVEL',
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    help: 'Least level that is logged.',
  },
  {
    name: 'kafkaSsl',
    variable: 'PLUMBLINE_KAFKA_SSL',
    kind: 'choice',
    default: 'off',
    choices: SWITCH,
    help: 'Talk to the brokers over TLS.',
  },
  {
    name: 'kafkaCaFile',
    variable: 'PLUMBLINE_KAFKA_CA_FILE',
    kind: 'text',
    default: '',
    help: 'Certificates (PEM) to trust for the brokers, where they are not signed by a public authority.',
  },
  {
    name: 'kafkaSaslMechanism',
    variable: 'PLUMBLINE_KAFKA_SASL_MECHANISM',
    kind: 'choice',
    default: 'none',
    choices: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    help: 'How to log in to the brokers.',
  },
  {
    name: 'kafkaUsername',
    variable: 'PLUMBLINE_KAFKA_USERNAME',
    kind: 'text',
    default: '',
    help: 'User to log in to the brokers as.',
  },
  {
    name: 'kafkaPassword',
    variable: 'PLUMBLINE_KAFKA_PASSWORD',
    kind: 'secret',
    help: 'Password of that user.',
  },
  {
    name: 'kafkaPlainWithoutTls',
    variable: 'PLUMBLINE_KAFKA_PLAIN_WITHOUT_TLS',
    kind: 'choice',
    default: 'refuse',
    choices: ['refuse', 'allow'],
    help: 'Whether a password may be sent in clear text, by PLAIN over a connection without TLS.',
  },
  {
    name: 'registryUrl',
    variable: 'PLUMBLINE_REGISTRY_URL',
    kind: 'text',
    default: '',
    help: 'Schema registry (Confluent API), where a spec does not name one.',
  },
  {
    name: 'registryUsername',
    variable: 'PLUMBLINE_REGISTRY_USERNAME',
    kind: 'text',
    default: '',
    help: 'User to log in to the registry as.',
  },
  {
    name: 'registryPassword',
    variable: 'PLUMBLINE_REGISTRY_PASSWORD',
    kind: 'secret',
    help: 'Password of that user.',
  },
  {
    name: 'trainOn',
    variable: 'PLUMBLINE_TRAIN_ON',
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'kernel', 'tensorflow', 'wasm', 'node', 'cpu'],
    help: 'What detectors are trained on: our kernel, or TensorFlow (the faster of its backends, or the one named); auto takes the fastest.',
  },
] as const satisfies readonly SettingRow[]
