import { expect, test } from 'vitest'
import { hostWords } from './host.ts'

test('a host whose agent reported recently has no text', () => {
  expect(hostWords({ host_seen_at: 95_000, files_unchecked: null }, 'tower', 100_000)).toBeNull()
})

test('a silent host is shown with the time, and a host without an agent with the next step', () => {
  expect(hostWords({ host_seen_at: 0, files_unchecked: null }, 'tower', 300_000)).toMatch(
    /^The agent on tower was last seen 5 min ago/,
  )
  expect(hostWords({ host_seen_at: null, files_unchecked: null }, 'tower', 1)).toMatch(
    /^No agent runs on tower/,
  )
})

test('a job whose journal is sent says that its files are not checked, and what helps', () => {
  const detail = { host_seen_at: null, files_unchecked: 'no_agent' } as const
  expect(hostWords(detail, 'gpu', 1)).toMatch(
    /^The files are not checked: gpu only sends its journal, .* import the folder/,
  )
})
