import { LIVE, wire } from '@bestmark/core'
import type { Delta } from '../api.ts'
import { addressOf, fittingGroups } from './address.ts'
import type { Reader } from './reader.ts'

/** What a connection reports until it is closed. */
export interface SourceEvents {
  /** The board has sent something, such as the ping of every 5 seconds. */
  onreceived: () => void
  onstarted: () => void
  /** A message for a reader; `after` is its id. */
  onnews: (key: string, after: string, delta: Delta) => void
  /** The connection broke, or was silent for too long. It is not opened again by itself. */
  onlost: () => void
}

/** Opens one connection for several readers; the returned function closes it. */
export type OpenSource = (readers: readonly Reader[], events: SourceEvents) => () => void

/** One stream of server-sent events, or a few if the address of one would be too long. */
export const openSource: OpenSource = (readers, events) => {
  const groups = fittingGroups(readers)
  let missing = groups.length
  const onstarted = (): void => {
    missing -= 1
    if (missing === 0) events.onstarted()
  }
  let isLost = false
  const onlost = (): void => {
    if (!isLost) events.onlost()
    isLost = true
  }
  const closes = groups.map((group) => openStream(group, { ...events, onstarted, onlost }))
  return () => closes.forEach((close) => close())
}

/** Events by which the server ends a stream, beside `error` of the connection. */
const ENDS = ['error', 'serialized-error', 'return']

const openStream: OpenSource = (readers, { onreceived, onstarted, onnews, onlost }) => {
  const source = new EventSource(addressOf(readers))
  const close = (): void => {
    clearTimeout(silence)
    source.close()
  }
  const lose = (): void => {
    close()
    onlost()
  }
  let silence = setTimeout(lose, LIVE.silentMs)
  const hear = (): void => {
    clearTimeout(silence)
    silence = setTimeout(lose, LIVE.silentMs)
    onreceived()
  }
  for (const type of ['connected', 'ping', 'message']) source.addEventListener(type, hear)
  for (const type of ENDS) source.addEventListener(type, lose)
  source.addEventListener('connected', onstarted)
  source.addEventListener('message', ({ data, lastEventId }: MessageEvent<string>) => {
    const [key = '', after = ''] = lastEventId.split(' ')
    try {
      // The server's procedure has this type.
      onnews(key, after, wire.output.deserialize(String(JSON.parse(data))) as Delta)
    } catch (error) {
      reportError(error)
      lose()
    }
  })
  return close
}
