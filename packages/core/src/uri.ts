/** A URI as fsspec writes it, also in a chain: `simplecache::s3://bucket/key`. One letter is a Windows drive. */
const URI = /^((?:[a-z][\w.-]*::)*[a-z][a-z\d+.-]+):\/\//i
/** fsspec's schemes of this machine's file system. */
const LOCAL = new Set(['file', 'local'])
/** Hadoop and Spark have other words for S3. */
const S3 = new Set(['s3', 's3a', 's3n'])

/**
 * The scheme of a URI in an object store, in lower case, such as `s3` or `simplecache::s3`. Undefined
 * for a path of a file system, which `file://` names too.
 */
export function schemeOf(path: string): string | undefined {
  const scheme = URI.exec(path)?.[1]?.toLowerCase()
  return scheme === undefined || LOCAL.has(scheme) ? undefined : scheme
}

/** Whether a path is a URI in an object store, which is never a path of a file system. */
export function isUri(path: string): boolean {
  return schemeOf(path) !== undefined
}

/** The path of a `file://` URI on its machine; any other text stays. */
export function withoutFileScheme(path: string): string {
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(?:localhost(?=\/))?(.*)$/s.exec(path) ?? []
  if (!LOCAL.has(scheme.toLowerCase())) return path
  const plain = scheme.toLowerCase() === 'file' ? decoded(rest) : rest
  return plain.replace(/^\/(?=[A-Za-z]:)/, '')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that encodes nothing is part of the name.
    return text
  }
}

/** A relative path below a URI. `..` never leads out of the bucket. */
export function joinUri(root: string, path: string): string {
  const [, start = '', below = ''] = /^(.*?:\/\/[^/]*)(.*)$/s.exec(withoutEnd(root)) ?? []
  const parts = below.split('/').slice(1)
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return [start, ...parts].join('/')
}

/** The path of a URI below another one: '' for the same, undefined outside of it. */
export function uriBelow(root: string, uri: string): string | undefined {
  const [folder, inner] = [withoutEnd(root), withoutEnd(uri)]
  if (inner === folder) return ''
  return inner.startsWith(`${folder}/`) ? inner.slice(folder.length + 1) : undefined
}

function withoutEnd(uri: string): string {
  return uri.replace(/(?<![:/])\/+$/, '')
}

/** Where a URI points to in an S3 bucket. */
export interface S3Address {
  bucket: string
  /** Without a slash at its end; empty for the bucket itself. */
  key: string
}

/** The bucket and the key of a URI of S3; undefined for another scheme. */
export function s3Address(uri: string): S3Address | undefined {
  if (!S3.has(schemeOf(uri) ?? '')) return undefined
  const [, bucket = '', key = ''] = /^\w+:\/\/([^/]*)\/?(.*)$/s.exec(withoutEnd(uri)) ?? []
  return { bucket, key }
}

/** What to do with a URI that Bestmark does not read, without a full stop. It follows a sentence that says so. */
export const MOUNT_ADVICE = '`rclone mount` makes a folder of it'
