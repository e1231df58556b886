import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase, type Database } from '@bestmark/db'
import { temporaryFolder } from '../e2e/board.ts'
import { ms, printLine, quantile } from './figures.ts'
import { HostProgram, SimulatedHost } from './simulate/hosts.ts'
import { type Cost, Meter } from './simulate/meter.ts'
import { Network } from './simulate/network.ts'
import { Observer } from './simulate/observer.ts'
import { type Simulation, simulationsOf } from './simulate/options.ts'
import { SimulatedServer } from './simulate/server.ts'

/** The figures of one simulation, beside those of the least that any recorder must do. */
interface Outcome {
  lags: number[]
  cost: Cost
  floor: { lags: number[]; cost: Cost }
}

/**
 * Hosts as processes: an agent and a writer of all its runs per host. Prints a line per simulation of a
 * Markdown table, which docs/operations.md has.
 */
export async function run(words: readonly string[] = []): Promise<void> {
  const simulations = simulationsOf(words)
  await using network = await Network.open()
  printLine(`  ${network.describe}; the writer of a host writes the journals of all its runs`)
  printLine(
    '  load of the machine before: ' +
      loadavg()
        .map((load) => load.toFixed(1))
        .join(' '),
  )
  const rows: string[] = []
  for (const simulation of simulations)
    rows.push(rowOf(simulation, await simulated(network, simulation)))
  for (const line of [...HEAD, ...rows]) printLine(line)
}

async function simulated(network: Network, simulation: Simulation): Promise<Outcome> {
  await using folder = await temporaryFolder()
  await using server = await SimulatedServer.start(network.server)
  const meter = await Meter.open(server)
  const { runs, rate, seconds } = simulation
  const hosts: SimulatedHost[] = []
  for (let index = 0; index < simulation.hosts; index++) {
    const task = { rate, databaseUrl: server.url }
    const start = await network.addHost()
    hosts.push(new SimulatedHost(start, join(folder.path, `host${index}`), task, runs))
  }
  const floor = await floorOf(meter, hosts, seconds)
  const db = await openDatabase({ home: folder.path, databaseUrl: server.observerUrl })
  const outcome = await measured(meter, db, hosts, simulation)
  if (simulation.statements) for (const line of await meter.statements()) printLine(line)
  await Promise.all([db.close(), meter.db.close()])
  return { ...outcome, floor }
}

/** The same points without files and agents, as plain rows. */
async function floorOf(meter: Meter, hosts: readonly SimulatedHost[], seconds: number) {
  const programs = await started(hosts, 'floor.ts')
  const pids = programs.map(({ pid }) => pid)
  for (const program of programs) program.tell('begin')
  const cost = await meter.during(pids, () => sleep(1_000 * seconds))
  const reports = await Promise.all(programs.map((program) => program.ask('end')))
  const lags = reports.flatMap((report) => {
    return report !== 'ready' && 'lags' in report ? report.lags : []
  })
  return { lags, cost }
}

async function measured(
  meter: Meter,
  db: Database,
  hosts: readonly SimulatedHost[],
  { seconds, settle }: Simulation,
): Promise<Pick<Outcome, 'lags' | 'cost'>> {
  const writers = await started(hosts, 'writer.ts')
  for (const host of hosts) await host.register(db)
  const observer = new Observer(
    meter.db,
    hosts.flatMap(({ task }) => task.runs.map(({ job_id }) => job_id)),
  )
  for (const host of hosts) host.startAgent()
  await observer.untilAllBegan()
  for (const writer of writers) writer.tell('begin')
  await sleep(1_000 * settle)
  const pids = hosts.map(({ agentPid }) => agentPid)
  const cost = await meter.during(pids, () => observer.watch(1_000 * seconds))
  const written = new Map<string, number[]>()
  for (const [index, writer] of writers.entries()) {
    const report = await writer.ask('end')
    if (report === 'ready' || !('written' in report)) continue
    const ids = hosts[index]?.task.runs.map(({ job_id }) => job_id) ?? []
    for (const [run, job_id] of ids.entries()) written.set(job_id, report.written[run] ?? [])
  }
  for (const host of hosts) await host.stopAgent()
  return { lags: observer.lags(written), cost }
}

/** One program per host, ready to begin. */
async function started(hosts: readonly SimulatedHost[], file: string): Promise<HostProgram[]> {
  return Promise.all(
    hosts.map(async ({ start, task }) => {
      const program = new HostProgram(start, file)
      await program.ask({ task })
      return program
    }),
  )
}

const COLUMNS = [
  ...['hosts', 'runs each', 'points/s each', 'points/s seen', 'lag p50 / p90 / p99', '(floor)'],
  ...['database', '(floor)', 'agent per run', 'queries/s', '(floor)', 'connections'],
  ...['WAL per point', '(floor)'],
]
const HEAD = [COLUMNS, COLUMNS.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`)

function rowOf({ hosts, runs, rate }: Simulation, { lags, cost, floor }: Outcome): string {
  const all = hosts * runs
  const core = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
  const often = (one: Cost): string => one.queries_per_second.toFixed(2)
  const cells = [
    ...[hosts, runs, rate, (lags.length / cost.seconds).toFixed(0)],
    ...[late(lags), late(floor.lags)],
    ...[core(cost.cpu.database), core(floor.cost.cpu.database)],
    ...[core(cost.cpu.hosts / Math.max(1, all)), often(cost), often(floor.cost), cost.connections],
    ...[walOf(cost, lags), walOf(floor.cost, floor.lags)],
  ]
  return `| ${cells.join(' | ')} |`
}

function late(lags: readonly number[]): string {
  if (lags.length === 0) return '–'
  return [0.5, 0.9, 0.99].map((share) => ms(quantile(lags, share))).join(' / ')
}

function walOf({ wal_bytes }: Cost, lags: readonly number[]): string {
  return lags.length === 0 ? '–' : `${(wal_bytes / lags.length).toFixed(0)} bytes`
}
