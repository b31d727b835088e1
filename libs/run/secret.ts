// Secret: a text that does not show itself. Logs, JSON, templates, inspection and error messages see a mask; only `reveal`
// gives the text, so that every place that uses one can be found by that word.

import { inspect } from 'node:util'

const MASK = '[secret]'

export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
