// Series report: what was found on series, as a table of docs/quality.md.

export interface SeriesFigure {
  readonly name: string
  readonly found: number
  readonly target: string
}

export function seriesReport(figures: readonly SeriesFigure[]): string {
  const lines = figures.map(({ name, found, target }) => {
    return `| ${name} | ${found >= 10 ? found.toFixed(1) : found.toFixed(3)} | ${target} |`
  })
  return ['| series | found | target |', '| --- | ---: | ---: |', ...lines].join('\n')
}
