// Liveness: one Metadata request (version 4) on a fresh socket, spoken by hand, so that readiness needs no client.

import { connect } from 'node:net'

const answerMsMax = 1000

/** The number of brokers that a broker knows to be alive; 0 while it does not answer, or answers for another cluster. */
export function liveBrokers(host: string, port: number, clusterId: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    let answer = Buffer.alloc(0)
    const done = (brokers: number): void => {
      socket.destroy()
      resolve(brokers)
    }
    socket.setTimeout(answerMsMax, () => done(0))
    socket.on('error', () => done(0))
    socket.on('close', () => resolve(0))
    socket.on('connect', () => socket.write(request()))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) done(brokersIn(answer, clusterId))
    })
  })
}

function request(): Buffer {
  const client = Buffer.from('probe')
  const head = Buffer.alloc(14)
  head.writeInt16BE(3, 4) // Metadata
  head.writeInt16BE(4, 6)
  head.writeInt32BE(1, 8)
  head.writeInt16BE(client.length, 12)
  const noTopicsNoCreation = Buffer.alloc(5)
  const whole = Buffer.concat([head, client, noTopicsNoCreation])
  whole.writeInt32BE(whole.length - 4, 0)
  return whole
}

function brokersIn(answer: Buffer, clusterId: string): number {
  let at = 12 // size, correlation id, throttle time
  const text = (): string | null => {
    const length = answer.readInt16BE(at)
    at += 2 + Math.max(0, length)
    return length < 0 ? null : answer.toString('utf8', at - length, at)
  }
  const count = answer.readInt32BE(at)
  at += 4
  for (let i = 0; i < count; i++) {
    at += 4
    text()
    at += 4
    text()
  }
  return text() === clusterId ? count : 0
}
