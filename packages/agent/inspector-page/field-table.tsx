// The fields of a message, folded when there are many.
import type { JSX } from 'preact'
import type { Field } from '../src/inspector/wire.ts'

/** More than these are folded: what matters is the body then. */
const openUpTo = 8

export function FieldTable({ fields }: { readonly fields: readonly Field[] }): JSX.Element {
  return (
    <details class="fields" open={fields.length <= openUpTo}>
      <summary>
        {fields.length} {fields.length === 1 ? 'header' : 'headers'}
      </summary>
      <FieldRows fields={fields} />
    </details>
  )
}

export function FieldRows({ fields }: { readonly fields: readonly Field[] }): JSX.Element {
  return (
    <dl class="rows">
      {fields.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
