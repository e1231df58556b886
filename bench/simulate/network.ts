import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { promisify } from 'node:util'

/** The network of the simulated machines; the server has its first address. */
const PREFIX = '10.231'
export const NETWORK = `${PREFIX}.0.0/16`

/**
 * Simulated machines: each has a network namespace of its own, and a veth to the bridge on which the
 * server listens. Only root may make them; for others all processes share the network of this machine.
 */
export class Network implements AsyncDisposable {
  readonly #isReal: boolean
  readonly #bridge = `bm${process.pid}`
  readonly #namespaces: string[] = []

  private constructor(isReal: boolean) {
    this.#isReal = isReal
  }

  static async open(): Promise<Network> {
    const network = new Network(process.getuid?.() === 0 && (await isAllowed()))
    if (network.#isReal) await network.#addBridge()
    return network
  }

  /** Where the server is reached. */
  get server(): string {
    return this.#isReal ? `${PREFIX}.0.1` : '127.0.0.1'
  }

  get describe(): string {
    return this.#isReal
      ? 'each host in a network namespace of its own, with a veth to the server'
      : 'all hosts in one network, because network namespaces need root'
  }

  /** Adds a machine; returns how to start a process on it. */
  async addHost(): Promise<(words: readonly string[], options: SpawnOptions) => ChildProcess> {
    if (!this.#isReal) return ([file = '', ...words], options) => spawn(file, words, options)
    const number = this.#namespaces.length + 2
    const [name, veth] = [`${this.#bridge}-${number}`, `${this.#bridge}v${number}`]
    await ip('netns', 'add', name)
    this.#namespaces.push(name)
    await ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    await ip('link', 'set', veth, 'master', this.#bridge, 'up')
    const address = `${PREFIX}.${number >> 8}.${number & 255}/16`
    await ip('-n', name, 'address', 'add', address, 'dev', 'eth0')
    await ip('-n', name, 'link', 'set', 'eth0', 'up')
    // `ip` becomes the program, so the process has the id that is returned here.
    return (words, options) => spawn('ip', ['netns', 'exec', name, ...words], options)
  }

  async #addBridge(): Promise<void> {
    await ip('link', 'add', this.#bridge, 'type', 'bridge')
    await ip('address', 'add', `${this.server}/16`, 'dev', this.#bridge)
    await ip('link', 'set', this.#bridge, 'up')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#namespaces) await ip('netns', 'delete', name)
    if (this.#isReal) await ip('link', 'delete', this.#bridge)
  }
}

/** Whether this machine lets root make namespaces; a container may not. */
async function isAllowed(): Promise<boolean> {
  const probe = `bm${process.pid}-probe`
  try {
    await ip('netns', 'add', probe)
    await ip('netns', 'delete', probe)
    return true
  } catch {
    // Without the program or the right to use it, the hosts share a network.
    return false
  }
}

async function ip(...words: string[]): Promise<void> {
  await promisify(execFile)('ip', words)
}
