/**
 * Names of the two networks of a GAN: `D_1000.pth` beside `G_1000.pth`, `do_00001000` beside
 * `g_00001000`, `5_net_D.pth` beside `5_net_G.pth`, `discriminator_3.pt` beside `generator_3.pt`.
 */
const PAIRS: readonly [RegExp, string][] = [
  [/(^|[_-]|net)D(?=[_.-]|\d|$)/, '$1G'],
  [/(^|[_-]|net)d(?=[_.-]|\d|$)/, '$1g'],
  [/^do(?=_\d)/, 'g'],
  [/discriminator/, 'generator'],
  [/Discriminator/, 'Generator'],
  [/(^|[_-])disc(?=[_.-]|\d|$)/, '$1gen'],
]

/** Whether a file is the discriminator of a generator beside it. Only the generator is shipped. */
export function isDiscriminator(name: string, names: readonly string[]): boolean {
  return PAIRS.some(([pattern, generator]) => {
    return pattern.test(name) && names.includes(name.replace(pattern, generator))
  })
}
