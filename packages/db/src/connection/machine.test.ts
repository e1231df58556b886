import { expect, test } from 'vitest'
import { type Machine, sharesProcesses, thisMachine, whereIs } from './machine.ts'

const WHOLE = 'pid:[4026531836]'
const HOST: Machine = {
  hostname: 'anna',
  machine_id: 'a1',
  boot_id: 'first',
  pid_namespace: WHOLE,
}
const CONTAINER: Machine = {
  hostname: '3f2c',
  machine_id: null,
  boot_id: 'first',
  pid_namespace: 'pid:[4026532000]',
}

test('this machine recognises itself, and has a boot id', () => {
  const me = thisMachine()
  expect(me.boot_id).not.toBeNull()
  expect(whereIs(me, thisMachine())).toBe('here')
})

test('process ids mean the same within one container, or after a boot of the same machine', () => {
  const other = { ...CONTAINER, pid_namespace: 'pid:[4026532111]' }
  expect(sharesProcesses(HOST, HOST)).toBe(true)
  expect(sharesProcesses(HOST, { ...HOST, boot_id: 'second' })).toBe(true)
  expect(sharesProcesses(CONTAINER, CONTAINER)).toBe(true)
  for (const [noted, me] of [
    [CONTAINER, HOST],
    [HOST, CONTAINER],
    [CONTAINER, other],
    [HOST, { ...HOST, machine_id: 'b2', boot_id: 'second' }],
    [HOST, { ...HOST, hostname: 'bert', boot_id: 'second' }],
  ] as const) {
    expect(sharesProcesses(noted, me)).toBe(false)
  }
})

test.each<[string, Machine, Machine, ReturnType<typeof whereIs>]>([
  ['the same boot', HOST, HOST, 'here'],
  ['the same boot under a new name', HOST, { ...HOST, hostname: 'anna.lan' }, 'here'],
  ['a reboot', HOST, { ...HOST, boot_id: 'second' }, 'here'],
  ['another machine', HOST, { ...HOST, machine_id: 'b2', boot_id: 'second' }, 'elsewhere'],
  [
    'another machine that was started from the same image',
    HOST,
    { ...HOST, hostname: 'bert', boot_id: 'second' },
    'elsewhere',
  ],
  ['a container, seen from its machine', CONTAINER, HOST, 'here'],
  ['the machine, seen from a container of it', HOST, CONTAINER, 'beside'],
  [
    'another container of the machine',
    CONTAINER,
    { ...CONTAINER, pid_namespace: 'pid:[4026532111]' },
    'beside',
  ],
  [
    'a container without an id after a boot, which may be one of another machine',
    CONTAINER,
    { ...CONTAINER, boot_id: 'second' },
    'elsewhere',
  ],
  [
    'a sandbox without a boot id',
    { ...CONTAINER, boot_id: null },
    { ...CONTAINER, boot_id: null },
    'here',
  ],
])('where a server runs is recognised: %s', (_name, noted, me, where) => {
  expect(whereIs(noted, me)).toBe(where)
})
