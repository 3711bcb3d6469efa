// Recognises the answers by which development servers refuse a public host name, and knows the line to
// change. Pure. Texts were read in the sources named, and those of Vite, webpack-dev-server and Django
// seen from running servers, 2026-11.

/** What was seen of an answer. */
export interface SeenAnswer {
  readonly status: number
  /** Path of the request. */
  readonly path: string
  /** The beginning of its body. */
  readonly body: string
}

/** Where visitors come, for the line to change. */
export interface PublicAddress {
  /** `app.example.com`. */
  readonly host: string
  /** `https://app.example.com`, without a slash. */
  readonly origin: string
  readonly port: number
}

export interface Advice {
  /** Which server it is: "Vite". */
  readonly server: string
  /** What it does: "refuses the host app.example.com". */
  readonly problem: string
  /** Where the line belongs: a file, or "the command". */
  readonly file: string
  /** What to write there. */
  readonly line: string
  /** A flag of the agent that does as well; absent where the Host is not what it minds. */
  readonly flag?: string
}

interface Rule {
  readonly server: string
  readonly status: number
  readonly matches: (answer: SeenAnswer) => boolean
  /** It looks at nothing but Host. Rails looks at X-Forwarded-Host too, Next.js at Origin. */
  readonly isOfHost?: true
  readonly problem?: (address: PublicAddress) => string
  readonly file: string
  readonly line: (address: PublicAddress) => string
}

/** vite/src/node/server/middlewares/hostCheck.ts, Vite 8.3; the same text since 5.4.12 and 6.0.9. */
const viteBlocked = /^Blocked request\. This host \(.*\) is not allowed\./

/** In order: the first that matches. */
const rules: readonly Rule[] = [
  {
    // angular-cli, packages/angular/build/src/tools/vite/middlewares/host-check-middleware.ts
    server: 'Angular',
    status: 403,
    isOfHost: true,
    matches: ({ body }) =>
      body.includes('<h1>Blocked request. This host (') && body.includes('angular.json'),
    file: 'angular.json, options of the serve target',
    line: ({ host }) => `"allowedHosts": ["${host}"]`,
  },
  {
    // nuxt/nuxt#31318: Vite's own text, and Vite is configured in nuxt.config.ts
    server: 'Nuxt',
    status: 403,
    isOfHost: true,
    matches: ({ body, path }) => viteBlocked.test(body) && path.startsWith('/_nuxt/'),
    file: 'nuxt.config.ts',
    line: ({ host }) => `vite: { server: { allowedHosts: ['${host}'] } }`,
  },
  {
    server: 'Vite',
    status: 403,
    isOfHost: true,
    matches: ({ body }) => viteBlocked.test(body) && body.includes('`preview.allowedHosts`'),
    file: 'vite.config.js',
    line: ({ host }) => `preview: { allowedHosts: ['${host}'] }`,
  },
  {
    server: 'Vite',
    status: 403,
    isOfHost: true,
    matches: ({ body }) => viteBlocked.test(body),
    file: 'vite.config.js (Nuxt, Astro: under vite in their own file)',
    line: ({ host }) => `server: { allowedHosts: ['${host}'] }`,
  },
  {
    // webpack-dev-server lib/Server.js, host-header-check, 5.2 and 6.0
    server: 'webpack-dev-server',
    status: 403,
    isOfHost: true,
    matches: ({ body }) => body === 'Invalid Host header',
    file: 'webpack.config.js (Vue CLI: vue.config.js)',
    line: ({ host }) => `devServer: { allowedHosts: ['${host}'] }`,
  },
  {
    // next.js packages/next/src/server/lib/router-utils/block-cross-site-dev.ts, 16: the page comes,
    // what makes it live does not
    server: 'Next.js',
    status: 403,
    matches: ({ body, path }) => body === 'Unauthorized' && /\/_next|\/__nextjs/.test(path),
    problem: ({ host }) => `keeps its development resources from ${host}`,
    file: 'next.config.js',
    line: ({ host }) => `allowedDevOrigins: ['${host}']`,
  },
  {
    // django/views/templates/technical_500.html under DEBUG; django/http/request.py, 5.2. An
    // ALLOWED_HOSTS that is not empty is without the names that DEBUG allows by itself.
    server: 'Django',
    status: 400,
    isOfHost: true,
    matches: ({ body }) => /<title>DisallowedHost\s/.test(body),
    file: 'settings.py',
    line: ({ host }) => `ALLOWED_HOSTS = ['${host}', '.localhost', '127.0.0.1', '[::1]']`,
  },
  {
    // django/middleware/csrf.py, REASON_BAD_ORIGIN, shown under DEBUG, 5.2
    server: 'Django',
    status: 403,
    matches: ({ body }) =>
      /Origin checking failed - \S+ does not match any trusted origins\./.test(body),
    problem: ({ origin }) => `takes no forms from ${origin}`,
    file: 'settings.py',
    line: ({ origin }) => `CSRF_TRUSTED_ORIGINS = ['${origin}']`,
  },
  {
    // rails actionpack/lib/action_dispatch/middleware/templates/rescues/blocked_host.{html,text}.erb:
    // "Blocked host:" up to 7.0, "Blocked hosts:" since
    server: 'Rails',
    status: 403,
    matches: ({ body }) => /^Blocked hosts?: |<h1>Blocked hosts?: /.test(body),
    file: 'config/environments/development.rb',
    line: ({ host }) => `config.hosts << "${host}"`,
  },
  {
    // hugo transform/livereloadinject/livereloadinject.go, 0.15x: the port of its own baseURL
    server: 'Hugo',
    status: 200,
    matches: ({ body }) => /\/livereload\.js\?mindelay=10&(amp;)?v=2&(amp;)?port=1313&/.test(body),
    problem: () => 'sends visitors to localhost: for pages, and to reload',
    file: 'the command',
    line: ({ origin, port }) =>
      `hugo server --baseURL ${origin}/ --appendPort=false --liveReloadPort ${port}`,
  },
]

/** Whether a body may tell anything at all: statuses that no rule is about need not be read. */
export function isTelling(status: number): boolean {
  return rules.some((rule) => rule.status === status)
}

export function adviseOn(answer: SeenAnswer, address: PublicAddress): Advice | undefined {
  const rule = rules.find((one) => one.status === answer.status && one.matches(answer))
  if (!rule) return undefined
  const { server, file } = rule
  const problem = rule.problem?.(address) ?? `refuses the host ${address.host}`
  const flag = rule.isOfHost && { flag: '--host-header rewrite' }
  return { server, problem, file, line: rule.line(address), ...flag }
}
