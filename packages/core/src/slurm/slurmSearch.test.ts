import { expect, test } from 'vitest'
import { hasHost } from './hostList.ts'
import { readJobSearch } from './slurmSearch.ts'

test('a host is found in a list as Slurm writes it', () => {
  const list = 'gpu[01-03,7],login,r[1-2]n[09-10]-ib'
  const inside = ['gpu01', 'gpu03', 'gpu7', 'login', 'r2n10-ib', 'r1n09-ib']
  expect(inside.filter((host) => !hasHost(list, host))).toEqual([])
  const outside = ['gpu1', 'gpu04', 'gpu07', 'log', 'login2', 'r3n10-ib', 'r2n9-ib', 'gpu', '']
  expect(outside.filter((host) => hasHost(list, host))).toEqual([])
  expect(hasHost('n[8-11]', 'n10')).toBe(true)
  expect(hasHost('a.b', 'axb')).toBe(false)
})

test('words with facts of Slurm are taken out of a search', () => {
  expect(readJobSearch(' tune  two ')).toEqual({ text: 'tune  two', slurm: {} })
  expect(readJobSearch('tune partition:gpu node:n01 array:17')).toEqual({
    text: 'tune',
    slurm: { partition: 'gpu', node: 'n01', array: '17' },
  })
  expect(readJobSearch('node:')).toEqual({ text: 'node:', slurm: {} })
})
