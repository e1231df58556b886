import { expect, test } from 'vitest'
import { temporaryFolder } from '../../apps/trainer/src/testing.ts'
import { soak } from './soak.ts'

test('each point is recorded once and in order, even if agents and servers are killed during training', async () => {
  await using home = await temporaryFolder()
  const harm = { seed: 1, kills: 8, server_kills: 2, cut: 3_000 }
  const { written, recorded, best, servers, grown, sources, served } = await soak(home.path, harm)
  expect(recorded).toEqual(written)
  expect(best.board).toEqual(best.disk)
  expect(best.kept).toBe(best.best)
  for (const { source, written: steps, recorded: points, isSame } of sources) {
    expect([source, points, isSame]).toEqual([source, steps, true])
  }
  expect(served).toMatchObject({ broken: 0 })
  expect(served.looks).toBeGreaterThan(0)
  expect(new Set(servers).size).toBe(harm.server_kills)
  // The training did not wait: it wrote its journal while nothing could be recorded.
  expect(grown.every((bytes) => bytes > 0)).toBe(true)
}, 400_000)
