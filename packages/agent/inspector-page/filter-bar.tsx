// What the list is narrowed by. All of it counts at once; the agent does the work.
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

export type FilterValues = Readonly<Record<FilterName, string>>
type FilterName = 'path' | 'status' | 'method' | 'slower' | 'header'

export const noFilter: FilterValues = { path: '', status: '', method: '', slower: '', header: '' }

export function queryOf(values: FilterValues): string {
  const given = Object.entries(values).filter(([, value]) => value.trim() !== '')
  return new URLSearchParams(given).toString()
}

const methods = ['', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const further = ['header', 'status', 'method', 'slower'] as const

interface Properties {
  readonly values: FilterValues
  readonly problem: string | undefined
  readonly onChange: (values: FilterValues) => void
}

export function FilterBar({ values, problem, onChange }: Properties): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const used = further.filter((name) => values[name] !== '').length
  const input = (name: FilterName, label: string, hint: string, list?: string): JSX.Element => (
    <label class={`filter-${name}`}>
      <span>{label}</span>
      <input
        id={`filter-${name}`}
        type="text"
        placeholder={hint}
        list={list}
        autocomplete="off"
        spellcheck={false}
        value={values[name]}
        onInput={(event) => onChange({ ...values, [name]: event.currentTarget.value })}
      />
    </label>
  )
  return (
    <form
      class="filters"
      role="search"
      data-open={isOpen}
      onSubmit={(event) => event.preventDefault()}
    >
      {input('path', 'Path', 'Filter by path')}
      <button
        type="button"
        class="more quiet"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {used === 0 ? 'More' : `More (${used})`}
      </button>
      {input('header', 'Header', 'Header: value')}
      {input('status', 'Status', 'Status: 5xx, 404', 'statuses')}
      <datalist id="statuses">
        {['2xx', '3xx', '4xx', '5xx', 'error'].map((status) => (
          <option key={status} value={status} />
        ))}
      </datalist>
      <label class="filter-method">
        <span>Method</span>
        <select
          value={values.method}
          onChange={(event) => onChange({ ...values, method: event.currentTarget.value })}
        >
          {methods.map((method) => (
            <option key={method} value={method}>
              {method === '' ? 'Any method' : method}
            </option>
          ))}
        </select>
      </label>
      {input('slower', 'Slower than', 'Slower than 250 ms')}
      {queryOf(values) !== '' && (
        <button type="button" class="quiet clear" onClick={() => onChange(noFilter)}>
          Clear
        </button>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
