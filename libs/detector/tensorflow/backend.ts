// Backend: which TensorFlow computes. The WebAssembly backend is always there; the native one (`@tensorflow/tfjs-node`, not
// among our dependencies) is taken where somebody has installed it and it pays; 'cpu' is plain JavaScript, for tests.
// Owns the process-wide engine of TensorFlow.js, which has one current backend.
// Invariants
//   B1 anything thrown while the native package loads means that it is absent; the reason is kept and can be shown.
//   B2 'tensorflow' never fails for want of the native package; 'node' does, with what to do.
// The rule of 'tensorflow', from measurements of ms per epoch: 30-16-8-16-30 native 1,560–2,700 against WebAssembly 970,
// 784-32-784 native 700–740 against 2,160–2,700. Every eager operation costs the native backend 12–50 µs, so that it only
// wins where the matrices are wide.

import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { enableProdMode, getBackend, setBackend } from '@tensorflow/tfjs-core'
import { Failure } from '../../core/failure.ts'

export const backends = ['wasm', 'node', 'cpu'] as const
export type BackendName = (typeof backends)[number]
/** `tensorflow` takes the faster of those that are installed. */
export type BackendChoice = BackendName | 'tensorflow'

/** Columns of the widest layer from which 'tensorflow' prefers the native backend. */
const nativeWidthMin = 512

/** TensorFlow's own names for the backends. */
const registered: Record<BackendName, string> = { wasm: 'wasm', node: 'tensorflow', cpu: 'cpu' }

let nativeAbsence: string | null | undefined
let prepared = false

/** Why the native backend cannot be used, or null if it can. */
export async function nativeAbsent(): Promise<string | null> {
  if (nativeAbsence !== undefined) return nativeAbsence
  // A name in a variable: the package is optional, so its types may be absent as well.
  const name = '@tensorflow/tfjs-node'
  try {
    restoreRemoved()
    await import(name)
    nativeAbsence = null
  } catch (thrown) {
    nativeAbsence = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? 'unknown') : String(thrown)
  }
  return nativeAbsence
}

/** The native package calls two functions of node:util that Node 23 removed. */
function restoreRemoved(): void {
  const util: { isNullOrUndefined?: unknown; isArray?: unknown } = createRequire(import.meta.url)('node:util')
  util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined
  util.isArray ??= Array.isArray
}

/** Settles a choice for a network whose widest layer has `widthMax` columns. */
export async function chooseBackend(choice: BackendChoice, widthMax: number): Promise<BackendName> {
  switch (choice) {
    case 'wasm':
    case 'cpu':
      return choice
    case 'node': {
      const reason = await nativeAbsent()
      if (reason === null) return 'node'
      throw new Failure(
        'training-failed',
        `the native backend is not usable (${reason}); run deploy/install-tfjs-node.sh`,
      )
    }
    case 'tensorflow':
      return widthMax >= nativeWidthMin && (await nativeAbsent()) === null ? 'node' : 'wasm'
    default:
      return choice satisfies never
  }
}

/** Makes the backend current; whoever awaits this must compute before the next await (the engine is shared). */
export async function useBackend(name: BackendName): Promise<void> {
  if (!prepared) {
    enableProdMode()
    setWasmPaths(`${path.dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')))}/`)
    prepared = true
  }
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu')
  while (getBackend() !== registered[name]) {
    const done = await setBackend(registered[name])
    if (!done) throw new Failure('training-failed', `the TensorFlow backend ${name} did not start`)
  }
}
