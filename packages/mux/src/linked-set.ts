// A set for what comes and goes with every visitor, linked through its items. V8's Set copies itself into
// a new table whenever adds have filled the old one, deleted or not; an old table that was promoted keeps
// what was in it, and the tables after it, alive until the next full collection. Nearly every object of
// every visitor was promoted so: with this, 14 MB instead of 86 for 24,000 visitors (docs/adr/0006).

/** An item is in one such set at a time; the fields are the set's. */
export interface Linked<T> {
  older: T | undefined
  newer: T | undefined
}

export class LinkedSet<T extends Linked<T>> {
  #oldest: T | undefined
  #newest: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): T | undefined {
    return this.#oldest
  }

  has(item: T): boolean {
    return item.older !== undefined || this.#oldest === item
  }

  /** As the newest; no effect on one that is in it. */
  add(item: T): void {
    if (this.has(item)) return
    item.older = this.#newest
    if (this.#newest === undefined) this.#oldest = item
    else this.#newest.newer = item
    this.#newest = item
    this.#size += 1
  }

  /** False when it was not in it. */
  delete(item: T): boolean {
    if (!this.has(item)) return false
    const { older, newer } = item
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    item.older = undefined
    item.newer = undefined
    this.#size -= 1
    return true
  }

  /** Those that are in it now, oldest first, whatever happens to the set meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    const items: T[] = []
    for (let item = this.#oldest; item !== undefined; item = item.newer) items.push(item)
    return items.values()
  }
}
