import { readdirSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSafetensors } from '@bestmark/char-lm'
import { temporaryFolder } from '../testing.ts'
import { currentVersion } from './current.ts'
import { shipToFolder, type Shipment } from './shipment.ts'
import type { ShipmentProgress } from './verification.ts'

const never = new AbortController().signal

/** Weights that differ by the version's number. */
function weightsOf(version: string): Buffer {
  const data = Float32Array.of(Number(version.slice(1)), 0)
  return Buffer.from(writeSafetensors({ w: { shape: [2], data } }))
}

async function aShipment(folder: string, version: string): Promise<Shipment> {
  const source = join(folder, 'run', 'checkpoint-100')
  await mkdir(join(source, 'tokenizer'), { recursive: true })
  await writeFile(join(source, 'model.safetensors'), weightsOf(version))
  await writeFile(join(source, 'tokenizer', 'vocab.json'), '{}')
  return {
    deployment_id: `deployment-${version}`,
    root: join(folder, 'run'),
    source,
    modelFolder: join(folder, 'models', 'moby'),
    version,
    stateFile: null,
    digest: null,
    created_at: 1,
    ledger: { step: 100 },
  }
}

test('a shipped checkpoint is verified beside the old version, and current links to it', async () => {
  await using folder = await temporaryFolder()
  const reports: ShipmentProgress[] = []
  await shipToFolder(await aShipment(folder.path, 'v1'), () => {}, never)
  const shipment = await aShipment(folder.path, 'v2')
  const path = await shipToFolder(shipment, (progress) => reports.push(progress), never)
  expect(await currentVersion(shipment.modelFolder)).toBe('v2')
  expect((await readdir(shipment.modelFolder)).sort()).toEqual(['current', 'v1', 'v2'])
  const live = await readFile(join(shipment.modelFolder, 'current/model.safetensors'))
  expect(live).toEqual(weightsOf('v2'))
  const manifest = JSON.parse(await readFile(join(path, 'bestmark.json'), 'utf8'))
  expect(manifest).toMatchObject({ step: 100 })
  expect(Object.keys(manifest.files)).toEqual(['model.safetensors', 'tokenizer/vocab.json'])
  const total = weightsOf('v2').length + 2
  expect(reports.at(0)).toEqual({ status: 'copying', bytes_done: 0, bytes_total: total })
  expect(reports.at(-1)).toEqual({ status: 'verifying', bytes_done: total, bytes_total: total })
})

test('a failed shipment does not change the live version', async () => {
  await using folder = await temporaryFolder()
  await shipToFolder(await aShipment(folder.path, 'v1'), () => {}, never)
  const shipment = await aShipment(folder.path, 'v2')
  const cancel = new AbortController()
  const failing = shipToFolder(shipment, () => cancel.abort(new Error('stopped')), cancel.signal)
  await expect(failing).rejects.toThrow()
  expect((await readdir(shipment.modelFolder)).sort()).toEqual(['current', 'v1'])
  expect(await currentVersion(shipment.modelFolder)).toBe('v1')
})

test('bytes that changed during the copy are found before the switch', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, 'v1')
  const tamper = ({ status }: ShipmentProgress): void => {
    if (status !== 'verifying') return
    const [incoming = ''] = readdirSync(shipment.modelFolder)
    writeFileSync(join(shipment.modelFolder, incoming, 'tokenizer', 'vocab.json'), '[]')
  }
  await expect(shipToFolder(shipment, tamper, never)).rejects.toThrow('differs from the original')
  expect(await currentVersion(shipment.modelFolder)).toBeUndefined()
})

test('a link that leads outside the run is not followed', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, 'v1')
  await writeFile(join(folder.path, 'secret'), 'x')
  await symlink(join(folder.path, 'secret'), join(shipment.source, 'extra.bin'))
  await expect(shipToFolder(shipment, () => {}, never)).rejects.toThrow(
    "leads outside the run's folder",
  )
})
