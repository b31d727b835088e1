import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Spent } from './budget.ts'
import { budgetReport } from './budget-report.ts'

function spent(set: string, alpha: number, normal: number, alarms: number): Spent {
  return { set, family: 'tables', alpha, normal, alarms: { detector: alarms, task: alarms / 2, adaptive: 0 } }
}

test('ratios of each set at the usual rate, then median, greatest and pooled of a family at each rate', () => {
  const text = budgetReport([
    spent('a', 0.01, 1000, 10),
    spent('b', 0.01, 1000, 40),
    spent('c', 0.01, 2000, 0),
    spent('a', 0.001, 10_000, 20),
  ])
  assert.match(text, /\| a \| 1000 \| 1\.00 \| 0\.50 \| 0\.00 \|/)
  assert.match(text, /\| b \| 1000 \| 4\.00 \| 2\.00 \| 0\.00 \|/)
  assert.match(text, /at 1 %.*\n.*\n\| tables \| 1\.00, 4\.00; 1\.25 \[0\.\d\d, 1\.\d\d\]/)
  assert.match(text, /at 0\.1 %.*\n.*\n\| tables \| 2\.00, 2\.00; 2\.00 \[1\.\d\d, 3\.\d\d\]/)
})
