// Alert message: an alert on the wire, as bare Avro or JSON, with CloudEvents headers in Kafka's binary mode; and back
// again, by its content type.
// Invariants
//   M1 equal anomalies give equal bytes, headers included.
//   M2 `alertIn` reads whatever `alertMessage` wrote.

import { decode, encode } from '../codec/avro.ts'
import { Failure } from '../core/failure.ts'
import type { Header, Message } from '../core/message.ts'
import { type Severity, severities } from '../core/severity.ts'
import { type Anomaly, alertOf } from './alert.ts'
import { type Alert, alertType } from './alert-schema.ts'
import { isoTime } from './position.ts'

const AVRO = 'application/avro'
const JSON_TYPE = 'application/json'
const ALERT_TYPE = 'plumbline.alert'
const text = new TextEncoder()
const SPEC_VERSION: Header = ['ce_specversion', text.encode('1.0')]
const TYPE: Header = ['ce_type', text.encode(ALERT_TYPE)]

export interface AlertRequest extends Anomaly {
  /** The alerts topic. */
  readonly topic: string
  /** Timestamp of the anomalous record, which becomes the alert's own. */
  readonly timestampMs: number
}

export function alertMessage(request: AlertRequest): Message {
  const alert = alertOf(request)
  const format = request.stream.spec.alerts.format
  const headers: Header[] = [
    SPEC_VERSION,
    ['ce_id', text.encode(alert.id)],
    TYPE,
    ['ce_source', text.encode(`/plumbline/${alert.stream}`)],
    ['ce_time', text.encode(isoTime(alert.eventTime))],
    ['content-type', text.encode(format === 'json' ? JSON_TYPE : AVRO)],
    // For consumers that route by it, and for metrics, without decoding the value.
    ['plumbline-severity', text.encode(alert.severity)],
  ]
  return {
    topic: request.topic,
    partition: null,
    key: text.encode(alert.key),
    value: format === 'json' ? text.encode(JSON.stringify(alert)) : encode(alertType, alert),
    headers,
    timestampMs: request.timestampMs,
  }
}

function headerText(headers: readonly Header[], name: string): string | null {
  const value = headers.findLast(([each]) => each === name)?.[1]
  return value == null ? null : new TextDecoder().decode(value)
}

/** The alert in a message of the alerts topic; Failure('data-invalid') where there is none. */
export function alertIn(value: Uint8Array | null, headers: readonly Header[]): Alert {
  const contentType = headerText(headers, 'content-type')
  if (value === null) throw new Failure('data-invalid', 'a message without a value is no alert')
  switch (contentType) {
    case JSON_TYPE:
      return jsonAlert(value)
    case AVRO:
      return avroAlert(value)
    default:
      throw new Failure('data-invalid', `an alert has the content type ${JSON_TYPE} or ${AVRO}, not ${contentType}`)
  }
}

function avroAlert(bytes: Uint8Array): Alert {
  const decoded = decode(alertType, bytes)
  if (decoded.kind === 'undecodable') throw new Failure('data-invalid', `not an alert: ${decoded.reason}`)
  return decoded.value
}

function jsonAlert(bytes: Uint8Array): Alert {
  let alert: unknown
  try {
    alert = JSON.parse(new TextDecoder().decode(bytes))
    // The encoder checks every field; what it takes is an alert.
    encode(alertType, alert as Alert)
  } catch (thrown) {
    throw Failure.of(thrown, 'data-invalid')
  }
  return alert as Alert
}

/** What metrics tell of an alert. */
export interface AlertFacts {
  readonly severity: Severity
  readonly eventTimeMs: number
}

/** The facts of a published alert, by its headers: no value is decoded for it. Null for any other message. */
export function alertFacts(message: Message): AlertFacts | null {
  if (headerText(message.headers, 'ce_type') !== ALERT_TYPE) return null
  const stated = headerText(message.headers, 'plumbline-severity')
  const severity = severities.find((each) => each === stated)
  const eventTimeMs = Date.parse(headerText(message.headers, 'ce_time') ?? '')
  return severity === undefined || Number.isNaN(eventTimeMs) ? null : { severity, eventTimeMs }
}
