// Description fields: JSON from outside, read field by field into typed values, or refused with the place and what was
// expected there.

import { Failure } from '../core/failure.ts'

/** An object from outside, read field by field; `close` refuses what was not asked for. */
export class Fields {
  readonly path: string
  readonly #left: Map<string, unknown>

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(path, value, 'an object')
    this.path = path
    this.#left = new Map(Object.entries(value))
  }

  has(name: string): boolean {
    return this.#left.has(name)
  }

  take(name: string): unknown {
    if (!this.#left.has(name)) invalid(`${this.path}.${name}`, 'nothing', 'a value')
    const value = this.#left.get(name)
    this.#left.delete(name)
    return value
  }

  text(name: string): string {
    const value = this.take(name)
    return typeof value === 'string' ? value : invalid(`${this.path}.${name}`, value, 'a text')
  }

  number(name: string): number {
    const value = this.take(name)
    return typeof value === 'number' && Number.isFinite(value)
      ? value
      : invalid(`${this.path}.${name}`, value, 'a number')
  }

  positive(name: string): number {
    const value = this.number(name)
    return value > 0 ? value : invalid(`${this.path}.${name}`, value, 'a number above 0')
  }

  numbers(name: string, min: number, max: number): number[] {
    const value = this.take(name)
    const fits = Array.isArray(value) && value.length >= min && value.length <= max && value.every(Number.isFinite)
    return fits ? value : invalid(`${this.path}.${name}`, value, `a list of ${min} to ${max} numbers`)
  }

  count(name: string, min: number, max: number): number {
    const value = this.number(name)
    const fits = Number.isSafeInteger(value) && value >= min && value <= max
    return fits ? value : invalid(`${this.path}.${name}`, value, `a whole number from ${min} to ${max}`)
  }

  choice<const T extends string>(name: string, known: readonly T[]): T {
    const value = this.take(name)
    return known.find((item) => item === value) ?? invalid(`${this.path}.${name}`, value, `one of ${known.join(', ')}`)
  }

  fields(name: string): Fields {
    return new Fields(this.take(name), `${this.path}.${name}`)
  }

  list(name: string, min: number, max: number): Fields[] {
    const value = this.take(name)
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      invalid(`${this.path}.${name}`, value, `a list of ${min} to ${max}`)
    }
    return value.map((item, i) => new Fields(item, `${this.path}.${name}[${i}]`))
  }

  close(): void {
    const unknown = [...this.#left.keys()]
    if (unknown.length > 0) invalid(this.path, unknown.join(', '), 'no such field')
  }
}

export function invalid(path: string, found: unknown, expected: string): never {
  const text = typeof found === 'string' ? found : JSON.stringify(found)
  throw new Failure('artefact-invalid', `artefact: ${path}: found ${text?.slice(0, 100)}, expected ${expected}`)
}
