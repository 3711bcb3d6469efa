// The name and version that the relay's log shows, and `agent --version`.

/** As in package.json; a test holds the two together. */
export const version = '0.1.0'

export const software = `sallyport-agent/${version}`
