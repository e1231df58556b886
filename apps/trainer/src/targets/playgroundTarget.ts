import { errorText } from '../failure.ts'
import { written } from '../playground/writing.ts'
import { type Delivered, type DeliveryOrder, NotDelivered } from './deliveryOrder.ts'

/** What each version writes after, before it is live. */
const TRIAL = 'In the morning the old '

/** Lets a version write, so that only a model that writes becomes live. Throws NotDelivered. */
export async function tryVersion(
  { folder, target }: DeliveryOrder,
  signal: AbortSignal,
): Promise<Delivered> {
  try {
    const [text = ''] = await written([folder], TRIAL, signal)
    return { output: `${TRIAL}${text}` }
  } catch (error) {
    signal.throwIfAborted()
    throw new NotDelivered(`Target ${target} did not take it. ${errorText(error)}`, null)
  }
}
