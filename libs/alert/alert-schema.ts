// Alert schema: the public contract, written once. `alert.avsc` beside this file is the same for everyone else; a test
// keeps the two equal. Fields are only ever added, with a default, so that old readers and old alerts go on working.

import { avroType } from '../codec/avro.ts'
import type { Infer } from '../codec/infer.ts'
import { severities } from '../core/severity.ts'

export const alertSchema = {
  type: 'record',
  name: 'Alert',
  namespace: 'plumbline',
  doc: 'One record of a stream that was judged anomalous.',
  fields: [
    {
      name: 'id',
      type: 'string',
      doc: 'First 32 hexadecimal digits of SHA-256 over stream, topic, partition and offset in decimal, NUL between.',
    },
    { name: 'stream', type: 'string' },
    { name: 'topic', type: 'string', doc: 'Input topic of the record.' },
    { name: 'partition', type: 'int' },
    { name: 'offset', type: 'long' },
    { name: 'key', type: 'string', doc: 'The entity: the key field of the record as text.' },
    { name: 'eventTime', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'When it happened.' },
    { name: 'score', type: 'double', doc: 'Higher is more anomalous.' },
    { name: 'threshold', type: 'double', doc: 'What the score exceeded.' },
    { name: 'pValue', type: 'double', doc: 'Calibrated probability that a normal record scores at least this.' },
    {
      name: 'severity',
      type: { type: 'enum', name: 'Severity', symbols: severities },
      doc: 'By score over threshold: minor, major from 1.5, critical from 3.',
    },
    {
      name: 'onset',
      type: 'int',
      doc: 'How many records of this key before this one the anomaly began, within the window; 0 is this record.',
    },
    {
      name: 'features',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'FeatureFinding',
          fields: [
            { name: 'name', type: 'string' },
            {
              name: 'actual',
              type: ['null', 'double', 'string'],
              doc: 'In original units; null where it was missing.',
            },
            { name: 'expected', type: ['null', 'double', 'string'], doc: 'What the detector expected instead.' },
            { name: 'contribution', type: 'double', doc: 'Share of the score, 0 to 1; all features together give 1.' },
            { name: 'imputed', type: 'boolean', doc: 'The value was missing and was filled in for scoring.' },
            {
              name: 'back',
              type: 'int',
              doc: 'Records of this key before this one at which actual and expected hold.',
            },
          ],
        },
      },
      doc: 'The features that contributed most, in descending order.',
    },
    { name: 'detector', type: 'string', doc: 'Version of the detector: SHA-256 of its artefact.' },
    { name: 'revision', type: 'string', doc: 'Fingerprint of what shaped the row.' },
    {
      name: 'incident',
      type: ['null', 'string'],
      default: null,
      doc: 'The incident it belongs to, if it was grouped.',
    },
    {
      name: 'provisional',
      type: 'boolean',
      default: false,
      doc: 'Judged by a detector that is not calibrated in full.',
    },
  ],
} as const

export type Alert = Infer<typeof alertSchema>
export type FeatureFinding = Alert['features'][number]

export const alertType = avroType(alertSchema)
