import { DEFAULT_TARGET, s3Address } from '@bestmark/core'
import { api, type CheckpointRow, type Deployment, type HostTarget } from '../api.ts'
import { firstTarget, FOLDER, offeredTargets, type OfferedTarget } from './targets.ts'

/** A host whose agent may ship. */
export interface ShippingHost {
  host_id: string
  host: string
}

/** Where a checkpoint can be shipped: the targets of its job's host, or of any host if it is in S3. */
export class Places {
  /** The job's host; its id is null if no agent sees its files. */
  readonly #own: { host_id: string | null; host: string }
  #published = $state.raw<HostTarget[]>([])
  #live = $state.raw<Deployment[]>([])
  #isInS3 = $state(false)
  #chosen = $state<string | null>(null)
  target = $state(DEFAULT_TARGET)

  constructor(own: { host_id: string | null; host: string }) {
    this.#own = own
  }

  /** All hosts that may ship the held checkpoint, with the job's first. */
  readonly hosts: ShippingHost[] = $derived.by(() => {
    const { host_id, host } = this.#own
    const own = host_id === null ? [] : [{ host_id, host }]
    const others = this.#isInS3 ? this.#published.filter((one) => one.host_id !== host_id) : []
    const all = [...own, ...others].map(({ host_id, host }) => ({ host_id, host }))
    return all.filter((one, at) => at === all.findIndex(({ host_id }) => host_id === one.host_id))
  })
  readonly host_id: string | null = $derived(
    this.hosts.find(({ host_id }) => host_id === this.#chosen)?.host_id ??
      this.hosts[0]?.host_id ??
      null,
  )
  readonly host: string = $derived.by(() => {
    const shipping = this.hosts.find(({ host_id }) => host_id === this.host_id)
    return shipping?.host ?? this.#own.host
  })
  readonly targets: OfferedTarget[] = $derived(
    offeredTargets(this.#published.filter(({ host_id }) => host_id === this.host_id)),
  )
  readonly offered: OfferedTarget = $derived(
    this.targets.find(({ name }) => name === this.target) ?? FOLDER,
  )
  /** What an order names if another host than the job's ships. */
  readonly order: { host_id?: string } = $derived.by(() => {
    return this.host_id === null || this.isOwnHost ? {} : { host_id: this.host_id }
  })

  /** Whether the job's own host ships. */
  get isOwnHost(): boolean {
    return this.host_id === this.#own.host_id
  }

  /** Reads the targets of all hosts, and what is live. A target that a person chose stays. */
  async read(wanted: string | undefined): Promise<void> {
    const [ledger, published] = await Promise.all([
      api.deployments.list.query({}),
      api.hosts.targets.query({}),
    ])
    this.#live = ledger.live
    this.#published = published
    if (this.target === DEFAULT_TARGET) this.target = firstTarget(this.targets, wanted)
    this.#keepOffered()
  }

  /** Notes which checkpoint is to be shipped. */
  hold({ absolute_path }: Pick<CheckpointRow, 'absolute_path'>): void {
    this.#isInS3 = s3Address(absolute_path) !== undefined
    this.#keepOffered()
  }

  chooseHost(host_id: string): void {
    this.#chosen = host_id
    this.#keepOffered()
  }

  /** What is live under a name at the chosen target. */
  current(model_name: string): Deployment | undefined {
    return this.#live.find((one) => {
      const isHere = one.host_id === this.host_id && one.target === this.target
      return isHere && one.model_name === model_name
    })
  }

  #keepOffered(): void {
    if (!this.targets.some(({ name }) => name === this.target))
      this.target = firstTarget(this.targets)
  }
}
