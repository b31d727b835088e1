// Alone: a model of one member over rows that are scaled already, for a fit that wants to know what the engine will say.

import { uncalibrated } from '../calibration.ts'
import type { Member, Model } from '../model.ts'

export function alone(member: Member, width: number): Model {
  return {
    kind: 'alone',
    width,
    layout: { revision: '', features: [], groups: new Int32Array(width) },
    scaler: { mean: new Float32Array(width), inverseScale: new Float32Array(width).fill(1), clip: 3e38 },
    members: [member],
    combination: { kind: 'mean' },
    calibration: uncalibrated,
    manifest: null,
    gate: null,
    parent: null,
  }
}
