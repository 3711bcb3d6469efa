// Which known name somebody meant: the one that the fewest edits (insert, remove, replace, swap two
// neighbours) lead to.
import { maxNameDistanceShare } from './limits.ts'

/** The nearest of the names, or undefined when none is near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wrong.length * maxNameDistanceShare)) + 1
  for (const name of names) {
    const distance = editDistance(wrong.toLowerCase().replaceAll('-', '_'), name)
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

/** Optimal string alignment: the table's rows are prefixes of `from`, its columns of `to`. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= from.length; row++) {
    rows.push([row])
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      let distance = Math.min(
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + (isSame ? 0 : 1),
      )
      const isSwap =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1]
      if (isSwap) distance = Math.min(distance, cell(row - 2, column - 2) + 1)
      rows[row]?.push(distance)
    }
  }
  return cell(from.length, to.length)
}
