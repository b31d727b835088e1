import { satisfiesKind } from '../../contract/detector-kind.ts'

satisfiesKind('attention')
