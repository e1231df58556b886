/** The undefined address. */
const NOWHERE = 0xffff_ffff_ffff_ffffn
const SYMBOLS = 0x11
const DATATYPE = 0x03
const LAYOUT = 0x08
const CONTINUATION = 0x10
/** The largest number of steps, because a broken file must not be read for ever. */
const MOST = 10_000

/** An object's header messages: the position of each, by its kind. */
type Messages = Map<number, { at: number; size: number }>

/**
 * Finds whole numbers in an HDF5 file as h5py writes it by default: superblock 0, groups as symbol
 * tables, headers of version 1 (HDF5 File Format Specification 3.0). Finds nothing in other forms.
 */
export class Hdf5Reader {
  readonly #bytes: Buffer
  #steps = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The integer at a path of names; undefined if there is none in this form. */
  integer(path: readonly string[]): number | undefined {
    try {
      let header = this.#bytes[8] === 0 ? this.#address(64) : undefined
      for (const name of path) header = header === undefined ? undefined : this.#child(header, name)
      return header === undefined ? undefined : this.#value(header)
    } catch (error) {
      // Reading beyond the end means that the file is incomplete, or has another form.
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  #address(at: number): number | undefined {
    const address = this.#bytes.readBigUInt64LE(at)
    return address === NOWHERE ? undefined : Number(address)
  }

  #messages(header: number): Messages {
    const found: Messages = new Map()
    if (this.#bytes.readUInt8(header) !== 1) return found
    const blocks: [from: number, size: number][] = [
      [header + 16, this.#bytes.readUInt32LE(header + 8)],
    ]
    for (let block = blocks.shift(); block && this.#steps++ < MOST; block = blocks.shift()) {
      const [from, size] = block
      for (let at = from; at + 8 <= from + size;) {
        const [kind, length] = [this.#bytes.readUInt16LE(at), this.#bytes.readUInt16LE(at + 2)]
        const inside = { at: at + 8, size: length }
        if (kind === CONTINUATION)
          blocks.push([
            this.#address(inside.at) ?? 0,
            Number(this.#bytes.readBigUInt64LE(inside.at + 8)),
          ])
        else if (!found.has(kind)) found.set(kind, inside)
        at += 8 + length
      }
    }
    return found
  }

  /** The header of an object in a group. */
  #child(header: number, name: string): number | undefined {
    const table = this.#messages(header).get(SYMBOLS)
    const [tree, heap] = table ? [this.#address(table.at), this.#address(table.at + 8)] : []
    if (tree === undefined || heap === undefined) return undefined
    const names = this.#address(heap + 24)
    return names === undefined ? undefined : this.#inTree(tree, names, name)
  }

  #inTree(node: number, names: number, name: string): number | undefined {
    if (this.#steps++ > MOST) return undefined
    const sign = this.#bytes.toString('latin1', node, node + 4)
    if (sign === 'SNOD') return this.#inNode(node, names, name)
    if (sign !== 'TREE') return undefined
    const used = this.#bytes.readUInt16LE(node + 6)
    // There is a key before each child, and one after the last child.
    for (let entry = 0; entry < used; entry++) {
      const child = this.#address(node + 24 + 8 + entry * 16)
      const found = child === undefined ? undefined : this.#inTree(child, names, name)
      if (found !== undefined) return found
    }
    return undefined
  }

  #inNode(node: number, names: number, name: string): number | undefined {
    const count = this.#bytes.readUInt16LE(node + 6)
    for (let entry = 0; entry < count; entry++) {
      const at = node + 8 + entry * 40
      const from = names + (this.#address(at) ?? 0)
      const end = this.#bytes.indexOf(0, from)
      if (this.#bytes.toString('utf8', from, end) === name) return this.#address(at + 8)
    }
    return undefined
  }

  #value(header: number): number | undefined {
    const messages = this.#messages(header)
    const [type, layout] = [messages.get(DATATYPE), messages.get(LAYOUT)]
    if (!type || !layout || (this.#bytes.readUInt8(type.at) & 15) !== 0) return undefined
    const width = this.#bytes.readUInt32LE(type.at + 4)
    const [version, kind] = [this.#bytes.readUInt8(layout.at), this.#bytes.readUInt8(layout.at + 1)]
    if (version !== 3 || (width !== 4 && width !== 8)) return undefined
    const at = kind === 0 ? layout.at + 4 : kind === 1 ? this.#address(layout.at + 2) : undefined
    if (at === undefined) return undefined
    return width === 4 ? this.#bytes.readInt32LE(at) : Number(this.#bytes.readBigInt64LE(at))
  }
}
