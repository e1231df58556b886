import { expect, test } from 'vitest'
import { readNameHints } from './nameHints.ts'

const NOTHING = { epoch: null, step: null, number: null, role: null, values: [] }
const value = (name: string | null, of: number, digits: number) => ({ name, value: of, digits })

test.each([
  ['model.12-0.6085.keras', { number: 12, values: [value(null, 0.6085, 4)] }],
  [
    'epoch=8-step=54-val_loss=0.49.ckpt',
    { epoch: 8, step: 54, values: [value('val_loss', 0.49, 2)] },
  ],
  ['epoch=3-val_loss=-1.25.ckpt', { epoch: 3, values: [value('val_loss', -1.25, 2)] }],
  ['checkpoint_4_2000.pt', { epoch: 4, step: 2000 }],
  ['iter_0001500', { step: 1500 }],
  ['model_0014999.pth', { number: 14999 }],
  ['global_step_60', { step: 60 }],
  ['checkpoint4.pt', { number: 4 }],
  ['checkpoint-5.pth.tar', { number: 5 }],
  ['model_epoch_3.pth', { epoch: 3 }],
  ['epoch_010.ckpt', { epoch: 10 }],
  ['8-0.493.ckpt', { number: 8, values: [value(null, 0.493, 3)] }],
  ['mychar-step00000500.safetensors', { step: 500 }],
  ['mychar-000006.safetensors', { number: 6 }],
  ['cp-0003.ckpt', { number: 3 }],
  ['weights.03-0.05.weights.h5', { number: 3, values: [value(null, 0.05, 2)] }],
  ['model_acc0.931.pt', { values: [value('acc', 0.931, 3)] }],
  ['net_val_loss0.12_epoch3.pt', { epoch: 3, values: [value('val_loss', 0.12, 2)] }],
  ['ckpt_epoch2_loss=0.12.pt', { epoch: 2, values: [value('loss', 0.12, 2)] }],
  ['m_2_f1-0.88_x.pt', { number: 2, values: [value('f1', 0.88, 2)] }],
  ['model_f10.88.pt', { values: [value('f1', 0.88, 2)] }],
  ['contrast0.5.pt', {}],
  ['best_model.pth', { role: 'best' }],
  ['last.ckpt', { role: 'last' }],
  ['model-best', { role: 'best' }],
  ['model_best.pth.tar', { role: 'best' }],
  ['resnet50.pth', {}],
  ['model-20261120.pt', {}],
  ['model_20261120_101020.pt', {}],
  ['model-20261120-1010-epoch3.pt', { epoch: 3 }],
  ['BPR-Nov-20-2026_10-10-20.pth', {}],
  ['Nov20_10-10-20_host-500.pt', { number: 500 }],
  ['unet_20-11-2026_10-10.pt', {}],
  ['model-20001203.pt', {}],
  ['march-12-2000.pt', { number: 2000 }],
  ['yolo-v1.5.pt', {}],
])('the name %s gives %j', (name, hints) => {
  expect(readNameHints(name)).toMatchObject({ ...NOTHING, ...hints })
})
