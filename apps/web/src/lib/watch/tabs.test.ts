import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { aDelta } from '../testing.ts'
import { holdLock } from './browserLock.ts'
import type { Letter, Reader } from './reader.ts'
import type { OpenSource, SourceEvents } from './source.ts'
import { LEADER, Tabs } from './tabs.ts'

/** A board whose messages for each reader are its numbers from 1, which it sends on request. */
class Board {
  written = 0
  /** How many connections were opened, and how many were open at a time. */
  opened = 0
  most = 0
  isAway = false
  readonly #open = new Set<{ readers: Map<string, number>; events: SourceEvents }>()

  open: OpenSource = (readers, events) => {
    const sent = new Map(readers.map(({ key, after }) => [key, Number(after ?? 0)]))
    const connection = { readers: sent, events }
    this.opened += 1
    this.#open.add(connection)
    this.most = Math.max(this.most, this.#open.size)
    queueMicrotask(() => {
      if (!this.#open.has(connection)) return
      if (this.isAway) return events.onlost()
      events.onstarted()
      this.#send()
    })
    return () => this.#open.delete(connection)
  }

  write(count = 1): void {
    this.written += count
    this.#send()
  }

  lose(): void {
    for (const { events } of this.#open) events.onlost()
  }

  get connections(): number {
    return this.#open.size
  }

  #send(): void {
    if (this.isAway) return
    for (const { readers, events } of this.#open) {
      for (const [key, sent] of readers) {
        readers.set(key, this.written)
        for (let next = sent + 1; next <= this.written; next += 1) {
          events.onnews(key, String(next), aDelta(next))
        }
      }
    }
  }
}

/** One tab with one page. */
class Tab {
  readonly received: number[] = []
  connection = ''
  readonly #tabs: Tabs
  #reader: Reader = { key: '', watch: { jobs: 'all' }, after: null }
  #leave: (() => void) | undefined

  constructor(board: Board) {
    this.#tabs = new Tabs({ open: board.open, isAccessLost: async () => false })
  }

  show(): this {
    this.#reader = { ...this.#reader, key: crypto.randomUUID() }
    this.#leave = this.#tabs.follow(this.#reader, (letter) => this.#take(letter))
    return this
  }

  hide(): void {
    this.#leave?.()
    this.#leave = undefined
  }

  #take(letter: Letter): void {
    if (letter.kind === 'link') {
      this.connection = letter.link.connection
    } else {
      this.received.push(letter.delta.revision)
      this.#reader.after = letter.after
    }
  }
}

let shown: Tab[] = []

afterEach(() => {
  for (const tab of shown) tab.hide()
  shown = []
})

async function tabsOn(board: Board, count: number): Promise<Tab[]> {
  shown = Array.from({ length: count }, () => new Tab(board).show())
  for (const tab of shown) await vi.waitFor(() => expect(tab.connection).toBe('live'))
  return shown
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

async function allReceived(tabs: readonly Tab[], board: Board): Promise<void> {
  for (const { received } of tabs) {
    await vi.waitFor(() => expect(received.at(-1)).toBe(board.written), { timeout: 5_000 })
    expect(received).toEqual(upTo(board.written))
  }
}

test('many tabs share one connection, and each receives every message once', async () => {
  const board = new Board()
  const tabs = await tabsOn(board, 8)
  board.write(5)
  await allReceived(tabs, board)
  expect([board.connections, board.most]).toEqual([1, 1])
})

test('when the leading tab closes another one leads, without a gap and without a repeat', async () => {
  const board = new Board()
  let tabs = await tabsOn(board, 4)
  board.write(3)
  await allReceived(tabs, board)
  for (let round = 0; round < 3; round += 1) {
    const [leader, ...others] = tabs
    leader?.hide()
    // These are written while no tab leads.
    board.write(2)
    await allReceived(others, board)
    tabs = others
  }
  expect([board.connections, board.most]).toEqual([1, 1])
})

test('a lost connection is opened again, and each tab continues after its last message', async () => {
  const board = new Board()
  const tabs = await tabsOn(board, 3)
  board.write(2)
  await allReceived(tabs, board)
  board.isAway = true
  board.lose()
  for (const tab of tabs) await vi.waitFor(() => expect(tab.connection).toBe('away'))
  board.write(3)
  board.isAway = false
  await allReceived(tabs, board)
  expect(tabs.map(({ connection }) => connection)).toEqual(['live', 'live', 'live'])
})

test('a tab that was hidden continues after its last message', async () => {
  const board = new Board()
  const tabs = await tabsOn(board, 3)
  board.write(1)
  await allReceived(tabs, board)
  tabs[1]?.hide()
  board.write(2)
  await allReceived([tabs[0]!, tabs[2]!], board)
  expect(tabs[1]?.received).toEqual([1])
  tabs[1]?.show()
  await allReceived(tabs, board)
})

test('without a shown tab there is no connection', async () => {
  const board = new Board()
  const tabs = await tabsOn(board, 2)
  for (const tab of tabs) tab.hide()
  await vi.waitFor(() => expect(board.connections).toBe(0))
  board.write(1)
  await pause(50)
  expect(tabs.map(({ received }) => received)).toEqual([[], []])
})

test('a leader that is silent, as a frozen tab is, loses the lead to another tab', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const board = new Board()
  const tabs = await tabsOn(board, 3)
  board.write(2)
  await allReceived(tabs, board)
  let lost = false
  await holdLock(LEADER, () => (lost = true), true).held
  await vi.waitFor(() => expect(board.connections).toBe(0))
  board.write(2)
  for (let beat = 0; beat < 4; beat += 1) vi.advanceTimersByTime(5_000)
  await allReceived(tabs, board)
  vi.useRealTimers()
  expect([lost, board.connections]).toEqual([true, 1])
})

function hide(tab: Tab, hidden: Set<Tab>): void {
  hidden.add(tab)
  tab.hide()
}

test('tabs that come and go in any order receive every message once', async () => {
  const board = new Board()
  const tabs = await tabsOn(board, 5)
  const hidden = new Set<Tab>()
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed % below
  }
  for (let round = 0; round < 60; round += 1) {
    const tab = tabs[random(tabs.length)]!
    if (hidden.delete(tab)) tab.show()
    else hide(tab, hidden)
    board.write(random(3))
    await pause(random(4) * 5)
  }
  for (const tab of tabs) {
    tab.hide()
    tab.show()
  }
  board.write(1)
  await allReceived(tabs, board)
  expect(board.most).toBe(1)
})
