import { Failure } from '../failure.ts'

/** One version of a model that a target receives. */
export interface DeliveryOrder {
  /** The complete version in this machine's folder of the target. */
  folder: string
  /** The same for every try of one shipment, so that a receiver can skip repeats. */
  deployment_id: string
  model_name: string
  target: string
  job_id: string
  job_name: string
  step: number | null
  metric: string | null
  value: number | null
  /** When it was ordered (ms). */
  created_at: number
  /** SHA-256 of each file, by its path below the folder. */
  files: Record<string, string>
}

/** What a delivery needs apart from the order. */
export interface DeliverySteps {
  /** The manifest in the version's folder. */
  manifest: Readonly<Record<string, unknown>>
  signal: AbortSignal
  /** Called with the bytes that the target has. */
  progress: (bytes: number) => void
  /** Called right before the version is live; throws if another agent now ships it. */
  assertOurs: () => Promise<void>
}

/** What a target answered, as it is kept in the ledger; null if it answers nothing. */
export interface Delivered {
  output: string | null
}

/** A target did not take the files. */
export class NotDelivered extends Failure {
  readonly output: string | null

  constructor(message: string, output: string | null) {
    super(message)
    this.output = output
  }
}
