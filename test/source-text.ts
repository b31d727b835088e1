// Source text: a TypeScript source without what is not code, line for line, so that rules about code can be regular
// expressions. A scanner, not a parser: it knows comments, texts, templates (whose inserted code stays) and, by what
// stands before them, regular expressions.

/** The source with every character of its comments blank. */
export function withoutComments(text: string): string {
  return scanned(text, (kind) => kind !== 'comment')
}

/** The source with every character of its texts and regular expressions blank, quotes left. */
export function withoutTexts(text: string): string {
  return scanned(text, (kind) => kind !== 'text')
}

type Kind = 'code' | 'comment' | 'text'

function scanned(text: string, keeps: (kind: Kind) => boolean): string {
  const kinds = kindsOf(text)
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    out += character === '\n' || keeps(kinds[i] ?? 'code') ? character : ' '
  }
  return out
}

function kindsOf(text: string): Kind[] {
  const kinds = new Array<Kind>(text.length).fill('code')
  /** Depths of braces at which an insertion of a template ends. */
  const insertions: number[] = []
  let depth = 0
  let i = 0
  const mark = (kind: Kind, end: number): void => {
    kinds.fill(kind, i, Math.min(end, text.length))
    i = end
  }
  const template = (from: number): void => {
    const end = templateEnd(text, from)
    mark('text', end)
    if (text.charAt(end) === '$') {
      insertions.push(depth)
      i = end + 2
    } else i = end + 1
  }
  while (i < text.length) {
    const character = text.charAt(i)
    const pair = text.slice(i, i + 2)
    if (pair === '//' || (i === 0 && pair === '#!')) mark('comment', endOf(text, '\n', i))
    else if (pair === '/*') mark('comment', endOf(text, '*/', i + 2) + 2)
    else if (character === "'" || character === '"') {
      const end = closing(text, i + 1, character)
      i++
      mark('text', end)
      i++
    } else if (character === '`') {
      i++
      template(i)
    } else if (character === '/' && beginsExpression(text, i)) {
      const end = closing(text, i + 1, '/')
      i++
      mark('text', end)
      i++
    } else {
      if (character === '{') depth++
      else if (character === '}' && insertions.at(-1) === depth) {
        insertions.pop()
        i++
        template(i)
        continue
      } else if (character === '}') depth--
      i++
    }
  }
  return kinds
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at
}

/** Where the text or regular expression that began before `from` ends; at the end of the line at the latest. */
function closing(text: string, from: number, quote: string): number {
  let inClass = false
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') at++
    else if (character === '\n') return at
    else if (quote === '/' && character === '[') inClass = true
    else if (quote === '/' && character === ']') inClass = false
    else if (character === quote && !inClass) return at
  }
  return text.length
}

function templateEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === '\\') at++
    else if (text.charAt(at) === '`' || text.slice(at, at + 2) === '${') return at
  }
  return text.length
}

/** A slash divides after a value; after anything else a regular expression begins. */
function beginsExpression(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 80), at).trimEnd()
  return before === '' || /[(,=:[!&|?{};<>+*%~^-]$|\b(?:return|typeof|case|in|of)$/.test(before)
}
