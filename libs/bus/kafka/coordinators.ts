// Coordinators: how kafkajs finds out who coordinates a group or a transaction, mended twice. It asks anew before each step
// of a transaction, which is four of the nine round trips of a small one; the answer is kept per client here, for clients
// that hold transactions. And it swallows why there was no answer; here a missing permission is passed on.
// Invariants
//   K1 an answer is forgotten as soon as the broker it names refuses or fails anything of a transaction, is not connected
//      any more, or the client reads the metadata again; so at worst a step fails that is asked again, or whose
//      transaction is given up as a whole.
//   K2 a client that never asked for a transaction's coordinator keeps nothing: a consumer asks because the old one refused.

import { errorType } from './failure.ts'

export interface Broker {
  isConnected(): boolean
}

interface Question {
  readonly groupId: string
  readonly coordinatorType?: number
}

export interface ClusterClass {
  readonly prototype: {
    findGroupCoordinator(question: Question): Promise<Broker>
    refreshMetadata(): Promise<void>
  }
}

type Ask = (request: unknown) => Promise<unknown>
const steps = ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'] as const
export interface BrokerClass {
  readonly prototype: Record<(typeof steps)[number], Ask>
}

const transactionCoordinator = 1

export function keepCoordinators(Cluster: ClusterClass, Broker: BrokerClass): void {
  const answers = new WeakMap<object, Map<string, Broker>>()
  /** The answers that name a broker. */
  const namedIn = new WeakMap<object, Map<string, Broker>>()
  const { findGroupCoordinator, refreshMetadata } = Cluster.prototype
  Cluster.prototype.findGroupCoordinator = async function (question) {
    let known = answers.get(this)
    if (known === undefined) {
      if (question.coordinatorType !== transactionCoordinator) return findGroupCoordinator.call(this, question)
      known = new Map()
      answers.set(this, known)
    }
    const name = `${question.coordinatorType ?? 0}/${question.groupId}`
    const kept = known.get(name)
    if (kept?.isConnected() === true) return kept
    const found = await findGroupCoordinator.call(this, question)
    known.set(name, found)
    namedIn.set(found, known)
    return found
  }
  Cluster.prototype.refreshMetadata = function () {
    answers.get(this)?.clear()
    return refreshMetadata.call(this)
  }
  for (const step of steps) {
    const ask = Broker.prototype[step]
    Broker.prototype[step] = async function (request) {
      try {
        return await ask.call(this, request)
      } catch (refusal) {
        namedIn.get(this)?.clear()
        throw refusal
      }
    }
  }
}

export interface BrokerPoolClass {
  readonly prototype: { withBroker(ask: Ask): Promise<unknown> }
}

/** Asking any broker: a missing permission is the same on all of them, so it is the answer. */
export function tellPermission(BrokerPool: BrokerPoolClass): void {
  const { withBroker } = BrokerPool.prototype
  BrokerPool.prototype.withBroker = async function (ask) {
    let refusal: unknown = null
    const answer = await withBroker.call(this, async (broker) => {
      try {
        return await ask(broker)
      } catch (thrown) {
        refusal = thrown
        throw thrown
      }
    })
    if (answer === null && errorType(refusal)?.endsWith('AUTHORIZATION_FAILED') === true) throw refusal
    return answer
  }
}
