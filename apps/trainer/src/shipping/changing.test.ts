import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, open, readdir, readFile, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointDigest } from '../checkpoints/digest.ts'
import { writeSafetensors } from '@bestmark/char-lm'
import { currentVersion } from './current.ts'
import { readManifest } from './manifest.ts'
import { temporaryFolder } from '../testing.ts'
import { fileDigest } from '../checkpoints/digest.ts'
import { Damaged, finishShipment, shipToFolder } from './shipment.ts'
import type { ShipmentProgress } from './verification.ts'

const never = new AbortController().signal
const WEIGHTS = writeSafetensors({ w: { shape: [200_000], data: new Float32Array(200_000) } })

/** A checkpoint to ship as version `v2`, beside the live version `v1`. */
async function aShipment(folder: string) {
  const [root, modelFolder] = [join(folder, 'run'), join(folder, 'models', 'moby')]
  const source = join(root, 'checkpoint-100')
  await mkdir(source, { recursive: true })
  await writeFile(join(source, 'model.safetensors'), WEIGHTS)
  await writeFile(join(source, 'vocab.json'), '{}')
  const common = { root, source, modelFolder, stateFile: null, digest: null, ledger: { step: 100 } }
  const first = { ...common, deployment_id: 'one', version: 'v1', created_at: 1 }
  await shipToFolder(first, () => {}, never)
  const second = { ...common, deployment_id: 'two', version: 'v2', created_at: 2 }
  return { ...second, served_before: 'v1' }
}

/** Calls a function once while the weights are copied. */
function once(act: () => void): (progress: ShipmentProgress) => void {
  let isDone = false
  return ({ status, bytes_done }) => {
    if (isDone || status !== 'copying' || bytes_done === 0) return
    isDone = true
    act()
  }
}

const CHANGES: Record<string, (weights: string) => void> = {
  'rewritten in place': (weights) => writeFileSync(weights, WEIGHTS),
  cut: (weights) => truncateSync(weights, 1_000),
  'appended to': (weights) => appendFileSync(weights, 'x'),
  removed: (weights) => rmSync(weights),
  replaced: (weights) => {
    writeFileSync(`${weights}.new`, WEIGHTS)
    renameSync(`${weights}.new`, weights)
  },
  'joined by another file': (weights) => writeFileSync(join(weights, '..', 'added.bin'), 'x'),
  'rewritten with its time put back': (weights) => {
    const { atime, mtime } = statSync(weights)
    const bytes = readFileSync(weights)
    bytes[bytes.length - 1] = 7
    writeFileSync(weights, bytes)
    utimesSync(weights, atime, mtime)
  },
}

test.each(Object.entries(CHANGES))(
  'a checkpoint that is %s during the copy is not shipped, and the live version stays',
  async (_how, change) => {
    await using folder = await temporaryFolder()
    const shipment = await aShipment(folder.path)
    const weights = join(shipment.source, 'model.safetensors')
    const shipping = shipToFolder(
      shipment,
      once(() => change(weights)),
      never,
    )
    await expect(shipping).rejects.toThrow(/changed during the copy \(.+\), so nothing was shipped/)
    expect(await currentVersion(shipment.modelFolder)).toBe('v1')
    expect((await readdir(shipment.modelFolder)).sort()).toEqual(['current', 'v1'])
  },
)

test('with a stored digest, changed files and a damaged disk give different errors', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path)
  const weights = join(shipment.source, 'model.safetensors')
  const names = ['model.safetensors', 'vocab.json']
  const digests = names.map(async (name) => {
    return [name, await fileDigest(join(shipment.source, name), never)] as const
  })
  const withDigest = { ...shipment, digest: checkpointDigest(new Map(await Promise.all(digests))) }
  const rewritten = once(() => CHANGES['rewritten in place']?.(weights))
  await expect(shipToFolder(withDigest, rewritten, never)).rejects.toThrow(
    'changed during the copy',
  )
  const { atime, mtime } = statSync(weights)
  const damaged = Buffer.from(WEIGHTS)
  damaged[damaged.length - 1] = 7
  writeFileSync(weights, damaged)
  utimesSync(weights, atime, mtime)
  await expect(shipToFolder(withDigest, () => {}, never)).rejects.toThrow(Damaged)
})

test('a copy that is not a complete checkpoint is not shipped', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path)
  await writeFile(join(shipment.source, 'model.safetensors'), WEIGHTS.subarray(0, 1_000))
  await expect(shipToFolder(shipment, () => {}, never)).rejects.toThrow(
    /^The copy is broken: model.safetensors is cut short/,
  )
  const stateless = { ...shipment, stateFile: 'trainer_state.json' }
  await writeFile(join(shipment.source, 'model.safetensors'), WEIGHTS)
  await expect(shipToFolder(stateless, () => {}, never)).rejects.toThrow('trainer_state.json')
  expect(await currentVersion(shipment.modelFolder)).toBe('v1')
})

test('without enough space a checkpoint is not copied at all', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path)
  // A file without content, longer than the disk.
  const { bavail, bsize } = await statfs(folder.path)
  await using file = await open(join(shipment.source, 'model.safetensors'), 'r+')
  await file.truncate(bavail * bsize + 2 ** 33)
  const reports: ShipmentProgress[] = []
  const shipping = shipToFolder(shipment, (progress) => reports.push(progress), never)
  await expect(shipping).rejects.toThrow(
    /has too little space: the checkpoint needs .+, and .+ are free/,
  )
  expect(reports).toEqual([])
  expect((await readdir(shipment.modelFolder)).sort()).toEqual(['current', 'v1'])
})

test("a checkpoint's files are shipped unchanged, even if one is named like the manifest", async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path)
  const names = ['bestmark.json', 'bestmark-7.json']
  for (const name of names) await writeFile(join(shipment.source, name), `{"own": "${name}"}`)
  const path = await shipToFolder(shipment, () => {}, never)
  for (const name of names) {
    expect(await readFile(join(path, name), 'utf8')).toBe(`{"own": "${name}"}`)
  }
  expect(
    Object.keys(JSON.parse(await readFile(join(path, 'bestmark-8.json'), 'utf8')).files),
  ).toEqual(expect.arrayContaining(names))
  expect(await readManifest(path)).toMatchObject({ deployment_id: 'two', created_at: 2 })
})

test('a complete version of another agent is made live, and a damaged one is copied again', async () => {
  await using folder = await temporaryFolder()
  const { served_before: _before, ...shipment } = await aShipment(folder.path)
  const { modelFolder } = shipment
  const die = new Error('killed')
  const killed = { ...shipment, assertOurs: () => Promise.resolve() }
  let calls = 0
  killed.assertOurs = () => (++calls === 2 ? Promise.reject(die) : Promise.resolve())
  await expect(shipToFolder(killed, () => {}, never)).rejects.toThrow(die)
  expect(await currentVersion(modelFolder)).toBe('v1')
  const ours = () => Promise.resolve()
  expect(await finishShipment(shipment, ours, never)).toBe(join(modelFolder, 'v2'))
  expect(await currentVersion(modelFolder)).toBe('v2')
  expect(await finishShipment(shipment, ours, never)).toBe(join(modelFolder, 'v2'))
  calls = 0
  const third = { ...killed, deployment_id: 'three', version: 'v3', created_at: 3 }
  await expect(shipToFolder(third, () => {}, never)).rejects.toThrow(die)
  await writeFile(join(modelFolder, 'v3', 'vocab.json'), '[]')
  expect(await finishShipment(third, ours, never)).toBeUndefined()
  expect((await readdir(modelFolder)).sort()).toEqual(['current', 'v1', 'v2'])
})

test('a file with the name of a version stays, and the error names it', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path)
  await mkdir(join(shipment.modelFolder, 'v2', 'kept'), { recursive: true })
  await expect(shipToFolder(shipment, () => {}, never)).rejects.toThrow('already exists')
  expect(await readdir(join(shipment.modelFolder, 'v2'))).toEqual(['kept'])
  expect(await currentVersion(shipment.modelFolder)).toBe('v1')
})

test('a later order stays live if an earlier order finishes after it', async () => {
  await using folder = await temporaryFolder()
  const { served_before: _before, ...shipment } = await aShipment(folder.path)
  const later = { ...shipment, deployment_id: 'three', version: 'v3', created_at: 3 }
  await shipToFolder({ ...later, served_before: 'v1' }, () => {}, never)
  await expect(shipToFolder(shipment, () => {}, never)).rejects.toThrow(
    'serves a checkpoint from a later order',
  )
  expect(await currentVersion(shipment.modelFolder)).toBe('v3')
})
