// Guard: who may talk to the API, decided from the head of a request alone, before a byte of its body is read.
// Invariants
//   G1 on loopback the Host must name loopback: a page of the web whose name was pointed at 127.0.0.1 (DNS rebinding)
//      carries its own name there.
//   G2 an Origin that is not ours is refused, and no answer ever allows one (no CORS): pages of other sites can neither
//      read nor write.
//   G3 beyond loopback nothing is answered without the token; where a token is set, it is asked for on loopback too.
//   G4 tokens are compared in a time that does not tell how much of them was right.

import assert from 'node:assert/strict'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../libs/run/secret.ts'
import { isLoopback } from '../../libs/run/settings.ts'
import { type Refusal, refusal } from './refusal.ts'

export interface GuardRules {
  /** Address that is listened on. */
  readonly host: string
  readonly token: Secret | null
}

export interface RequestHead {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
}

/** Null when the request may be answered. */
export type Guard = (head: RequestHead) => Refusal | null

export function guard({ host, token }: GuardRules): Guard {
  assert.ok(isLoopback(host) || token !== null, 'G3: a console beyond loopback needs a token')
  const expected = token === null ? null : digest(token.reveal())
  return (head) => {
    const name = hostName(head.host)
    if (name === null) return refusal(400, 'host-refused', 'the request names no valid host')
    if (isLoopback(host) && !isLoopback(name)) {
      return refusal(403, 'host-refused', `this listens for ${host} alone; address it by that name or as localhost`)
    }
    // `null` is what browsers send for files and sandboxes; no origin at all is no browser.
    if (head.origin !== undefined && head.origin.toLowerCase() !== `http://${head.host?.toLowerCase()}`) {
      return refusal(403, 'origin-refused', 'pages of another origin may not talk to this API')
    }
    if (expected !== null && !timingSafeEqual(digest(bearer(head.authorization)), expected)) {
      return refusal(401, 'token-needed', 'send the header "authorization: Bearer TOKEN" (PLUMBLINE_CONSOLE_TOKEN)')
    }
    return null
  }
}

function bearer(authorization: string | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? ''
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The name in a Host header, without its port; null where there is none. */
function hostName(header: string | undefined): string | null {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(header ?? '')?.[1]?.toLowerCase() ?? null
}
