// Refusal: why a request was not granted, as a value: HTTP status, a code for programs, a message for people. Every error of
// the API has this form: {"error":{"code":…,"message":…}}.

export interface Refusal {
  readonly kind: 'refused'
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 | 503
  readonly code: RefusalCode
  readonly message: string
}

export const refusalCodes = [
  'host-refused',
  'origin-refused',
  'token-needed',
  'not-found',
  'method-refused',
  'topic-unknown',
  'stream-unknown',
  'content-type-refused',
  'body-too-large',
  'body-incomplete',
  'records-too-many',
  'record-too-large',
  'record-invalid',
  'nothing-sent',
  'order-invalid',
  'order-refused',
  'busy',
] as const
export type RefusalCode = (typeof refusalCodes)[number]

export function refusal(status: Refusal['status'], code: RefusalCode, message: string): Refusal {
  return { kind: 'refused', status, code, message }
}

export function refusalText({ code, message }: Pick<Refusal, 'message'> & { readonly code: string }): string {
  return `${JSON.stringify({ error: { code, message } })}\n`
}
