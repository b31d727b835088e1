// Spec rules: what single values of a spec may be. Each says in words what it expects, since that is what its fault shows.

import type { Rule, Scalar } from './spec-tree.ts'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `30s`, `5m`, `24h`, `7d` as milliseconds; undefined for anything else. */
export function durationMs(text: Scalar): number | undefined {
  if (typeof text !== 'string') return undefined
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s?(ms|s|m|h|d)$/.exec(text) ?? []
  if (digits === undefined || unit === undefined) return undefined
  return Math.round(Number(digits) * (UNITS_MS[unit] ?? Number.NaN))
}

export function duration(shortest: string, longest: string): Rule<number> {
  const min = durationMs(shortest) ?? 0
  const max = durationMs(longest) ?? 0
  return {
    expected: `a duration from ${shortest} to ${longest}, such as 500ms, 30s, 5m, 24h, 7d`,
    accept: (value) => {
      const ms = durationMs(value)
      return ms !== undefined && ms >= min && ms <= max ? ms : undefined
    },
    blank: min,
    words: [],
  }
}

export function whole(min: number, max: number): Rule<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    accept: (value) =>
      Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined,
    blank: min,
    words: [],
  }
}

/** A number above `above`, at most `max`. */
export function decimal(above: number, max: number): Rule<number> {
  return {
    expected: `a number above ${above}, at most ${max}`,
    accept: (value) => (typeof value === 'number' && value > above && value <= max ? value : undefined),
    blank: max,
    words: [],
  }
}

export function choice<const T extends string>(values: readonly [T, ...T[]]): Rule<T> {
  return {
    expected: values.length === 1 ? values[0] : `one of ${values.join(', ')}`,
    accept: (value) => values.find((each) => each === value),
    blank: values[0],
    words: values,
  }
}

export function text(pattern: RegExp, expected: string): Rule<string> {
  return {
    expected,
    accept: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
    blank: '',
    words: [],
  }
}

/** A key that says all by being there: `count: true`. */
export const yes: Rule<true> = {
  expected: 'true',
  accept: (value) => (value === true ? true : undefined),
  blank: true,
  words: [],
}

/** An instant with its zone, or a date, which begins at midnight UTC. */
export const instant: Rule<number> = {
  expected: 'an instant such as 2026-03-01T06:00:00Z (with its zone), or a date such as 2026-03-01 (midnight UTC)',
  accept: (value) => {
    if (typeof value !== 'string') return undefined
    if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(value))
      return undefined
    const ms = Date.parse(value)
    return Number.isNaN(ms) ? undefined : ms
  },
  blank: 0,
  words: [],
}
