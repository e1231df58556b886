import { expect, test } from 'vitest'
import { isDiskFull } from './diskFull.ts'

test('only the system codes of a full disk or quota mean that the disk is full', () => {
  const failed = (code: string) => Object.assign(new Error('write failed'), { code })
  expect(['ENOSPC', 'EDQUOT', 'EACCES'].map(failed).map(isDiskFull)).toEqual([true, true, false])
  const others = [new Error('ENOSPC'), { code: 'ENOSPC' }, 'ENOSPC', null]
  expect(others.map(isDiskFull)).toEqual([false, false, false, false])
})
