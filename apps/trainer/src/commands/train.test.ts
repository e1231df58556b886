import { expect, test } from 'vitest'
import { command } from './testing.ts'

test.each(['--name', '--project', '--preset'])(
  '--resume refuses %s, which it would ignore',
  async (option) => {
    const { code, stderr } = await command(['train', '--resume', 'job', option, 'quick'])
    expect(code).toBe(2)
    expect(stderr).toContain(
      `Remove ${option}: it applies to new jobs, and --resume continues one.`,
    )
  },
)
