// Memory of TLS records that nothing else lies in, given back as soon as a socket took the bytes: a
// collection would come too late, and V8 sets off a full one every 64 MiB (docs/adr/0006).

/** Places at the front that may be empty before the rest moves up. */
const emptyPlaces = 64

export class RecordShelf {
  #records: ArrayBuffer[] = []
  /** For each record, how many bytes must have been taken before it is of no more use. */
  #ends: number[] = []
  #front = 0

  /** Keeps a record until `end` bytes were taken; ends rise. */
  put(record: ArrayBuffer, end: number): void {
    this.#records.push(record)
    this.#ends.push(end)
  }

  /** So many bytes were taken: the records that ended before are freed. */
  free(taken: number): void {
    for (let end = this.#ends[this.#front]; end !== undefined && end <= taken;) {
      this.#records[this.#front++]?.transfer(0)
      end = this.#ends[this.#front]
    }
    const isEmpty = this.#front === this.#ends.length
    if (this.#front === 0 || (!isEmpty && this.#front < emptyPlaces)) return
    this.#records = this.#records.slice(this.#front)
    this.#ends = this.#ends.slice(this.#front)
    this.#front = 0
  }
}
