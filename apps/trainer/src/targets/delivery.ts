import { runTargetCommand } from './commandTarget.ts'
import type { Delivered, DeliveryOrder, DeliverySteps } from './deliveryOrder.ts'
import { sendToReceiver } from './httpTarget.ts'
import { tryVersion } from './playgroundTarget.ts'
import type { TargetOptions } from './targetOptions.ts'

/**
 * Hands a complete version to a target that is no folder. May be called again for the same shipment, if the agent was
 * killed before it recorded the end. Throws NotDelivered.
 */
export async function deliver(
  options: Exclude<TargetOptions, { kind: 'folder' }>,
  order: DeliveryOrder,
  steps: DeliverySteps,
): Promise<Delivered> {
  switch (options.kind) {
    case 'command':
      return runTargetCommand(options, order, steps.signal)
    case 'http':
      return sendToReceiver(options, order, steps.signal)
    case 'playground':
      return tryVersion(order, steps.signal)
    case 's3': {
      // Only a host with such a target loads it.
      const { uploadVersion } = await import('./s3Target.ts')
      return uploadVersion(options, order, steps)
    }
  }
}
