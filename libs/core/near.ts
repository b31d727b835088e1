// Near: which of the known words somebody may have meant. Source: the edit distance of Damerau and Levenshtein, in its
// restricted form (a pair of neighbours swapped counts once).

/** The nearest known word, if it is near enough to be meant: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least && distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      least = distance
    }
  }
  return best
}

function distanceOf(a: string, b: string): number {
  const width = b.length + 1
  const cells = new Int32Array((a.length + 1) * width)
  const cell = (i: number, j: number): number => cells[i * width + j] ?? 0
  for (let i = 0; i <= a.length; i++) cells[i * width] = i
  for (let j = 0; j <= b.length; j++) cells[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + differs)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, cell(i - 2, j - 2) + 1)
      cells[i * width + j] = least
    }
  }
  return cell(a.length, b.length)
}
