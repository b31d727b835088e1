import { satisfiesKind } from '../../contract/detector-kind.ts'
import { satisfiesWindows } from '../../contract/windowed-kind.ts'

satisfiesKind('ensemble')
satisfiesWindows('ensemble')
