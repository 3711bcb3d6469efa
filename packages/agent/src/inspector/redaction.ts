// Takes secrets out of what leaves the inspector: by the name of a field, a parameter or a JSON key, as
// the places where secrets are usually put are named. It cannot know the others.
import type { FieldList } from '../http/field-list.ts'

export const redacted = 'REDACTED'

const secretNames =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|^auth$|^code$|pass(?:word|wd|phrase)|secret|token|signature|credential|session|csrf|xsrf|jwt|^(?:x[-_])?sig$|api[-_]?key|access[-_]?key|private[-_]?key|card[-_]?number|^cvc$|^cvv$/i

export function isSecretName(name: string): boolean {
  return secretNames.test(name)
}

export function redactFields(fields: FieldList): FieldList {
  return fields.map(([name, value]) => {
    if (isSecretName(name)) return [name, redacted]
    return /^(?:referer|location)$/i.test(name) ? [name, redactTarget(value)] : [name, value]
  })
}

/** The values of secret parameters in a path with a query, or in a URL. */
export function redactTarget(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query + 1) + redactForm(target.slice(query + 1))
}

/** `a=1&token=x`: names are compared decoded, the rest stays as it was written. */
export function redactForm(text: string): string {
  return text
    .split('&')
    .map((pair) => {
      const [written = ''] = pair.split('=', 1)
      const name = /[%+]/.test(written) ? decodeName(written) : written
      return isSecretName(name) && pair.length > written.length ? `${written}=${redacted}` : pair
    })
    .join('&')
}

function decodeName(written: string): string {
  return new URLSearchParams(`${written}=`).keys().next().value ?? ''
}

/** @returns undefined when it is not JSON. */
export function redactJson(text: string): string | undefined {
  try {
    return JSON.stringify(
      JSON.parse(text, (key, value: unknown) =>
        isSecretName(key) && value !== null && value !== '' ? redacted : value,
      ),
    )
  } catch {
    return undefined
  }
}

/**
 * The text of a body without its secrets. @returns undefined when they could not be told from the rest:
 * the body is then left out.
 */
export function redactBody(text: string, mediaType: string): string | undefined {
  if (/[/+]json$/.test(mediaType) || /^\s*[{[]/.test(text)) return redactJson(text)
  if (mediaType === 'application/x-www-form-urlencoded') return redactForm(text)
  if (mediaType.startsWith('multipart/')) return undefined
  return text
}
