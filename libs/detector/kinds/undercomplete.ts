// Undercomplete: a network whose code is narrower than the row, so that it cannot copy, trained on the row as it is; beside
// it the linear member. A row of one column has no narrower code: then the linear member stands alone.

import { hourglass } from './network.ts'
import { sizeOf } from './size.ts'
import { steadied } from './steadied.ts'

export const undercomplete = steadied('undercomplete', ({ count, width }) => {
  const size = sizeOf(count, width)
  return hourglass(width, { ...size, code: Math.min(size.code, width - 1) })
})
