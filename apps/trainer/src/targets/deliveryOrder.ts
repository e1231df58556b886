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
  /** SHA-256 of each file, by its path below the folder. */
  files: Record<string, string>
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
