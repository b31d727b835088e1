// Dashboard: the table of panels as a Grafana dashboard, by Grafana's own builders. The only door to them.
// Invariants
//   G1 panels and queries carry ids of their own, in order: the same table gives the same bytes.
//   G2 no panel names a data source: whoever imports the dashboard chooses one.

import {
  LegendDisplayMode,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type PanelRow, type Query, sections } from './panels.ts'

const source = { type: 'prometheus', uid: '$datasource' }
/** The grid is 24 wide. */
const GRID = 24
const STAT = { w: 4, h: 4 }
const GRAPH = { w: 8, h: 8 }

/** The dashboard as JSON, ready to be imported or provisioned. */
export function dashboard(): string {
  const builder = new DashboardBuilder('Plumbline')
    .uid('plumbline')
    .description('What the scorers and trainers of Plumbline say about themselves.')
    .tags(['plumbline', 'generated'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('stream')
        .label('Stream')
        .query('label_values(plumbline_records_consumed_total, stream)')
        .datasource(source)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*'),
    )
  let id = 1
  let y = 0
  for (const { title, panels } of sections) {
    builder.withRow(new RowBuilder(title).id(id++).gridPos({ x: 0, y: y++, w: GRID, h: 1 }))
    let x = 0
    let height = 0
    for (const panel of panels) {
      const { w, h } = panel.kind === 'stat' ? STAT : GRAPH
      if (x + w > GRID) {
        x = 0
        y += height
      }
      builder.withPanel(panelOf(panel).id(id++).gridPos({ x, y, w, h }))
      x += w
      height = h
    }
    y += height
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`
}

function panelOf(panel: PanelRow): StatBuilder | TimeseriesBuilder {
  const { title, kind, unit, help, queries } = panel
  const targets = queries.map(targetOf)
  if (kind === 'stat')
    return new StatBuilder().title(title).description(help).datasource(source).unit(unit).targets(targets)
  const graph = new TimeseriesBuilder()
    .title(title)
    .description(help)
    .datasource(source)
    .unit(unit)
    .min(0)
    .targets(targets)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).showLegend(true))
  if (kind === 'timeseries') return graph
  return graph.fillOpacity(30).stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
}

function targetOf({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .expr(expr)
    .legendFormat(legend)
}
