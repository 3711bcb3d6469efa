// The order of the peers in a round: each round starts one further, so that over the rounds every
// peer is measured early and late.

/** `items` from index `round` on, wrapped around. */
export function rotate<T>(items: readonly T[], round: number): T[] {
  const start = items.length === 0 ? 0 : round % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
