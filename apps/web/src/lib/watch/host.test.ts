import { expect, test } from 'vitest'
import { hostWords } from './host.ts'

test('a host whose agent reported recently has no text', () => {
  expect(hostWords({ host_seen_at: 95_000 }, 'tower', 100_000)).toBeNull()
})

test('a silent host is shown with the time, and a host without an agent with the next step', () => {
  expect(hostWords({ host_seen_at: 0 }, 'tower', 300_000)).toMatch(
    /^The agent on tower was last seen 5 min ago/,
  )
  expect(hostWords({ host_seen_at: null }, 'tower', 1)).toMatch(/^No agent runs on tower/)
})
