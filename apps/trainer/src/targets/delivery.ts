import { runTargetCommand } from './commandTarget.ts'
import type { Delivered, DeliveryOrder } from './deliveryOrder.ts'
import { sendToReceiver } from './httpTarget.ts'
import type { TargetOptions } from './targetOptions.ts'

/**
 * Hands a complete version to a target that is no folder. May be called again for the same shipment, if the agent was
 * killed before it recorded the end. Throws NotDelivered.
 */
export async function deliver(
  options: Exclude<TargetOptions, { kind: 'folder' }>,
  order: DeliveryOrder,
  signal: AbortSignal,
): Promise<Delivered> {
  switch (options.kind) {
    case 'command':
      return runTargetCommand(options, order, signal)
    case 'http':
      return sendToReceiver(options, order, signal)
  }
}
