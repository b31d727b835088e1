// The seed of this run's properties: PLUMBLINE_TEST_SEED, or one at random; tests print it in their names.
// PLUMBLINE_TEST_RUNS makes them longer.

export const seed = Number(process.env['PLUMBLINE_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000))

/** Options of a property that is to run `usual` times. */
export function runs(usual: number): { seed: number; numRuns: number } {
  const factor = Number(process.env['PLUMBLINE_TEST_RUNS'] ?? 1)
  return { seed, numRuns: Math.ceil(usual * factor) }
}
