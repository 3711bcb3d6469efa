// What the commands tell while they work. Libraries get a reporter; only cli.ts knows a terminal.
export type ProvisionerEvent =
  | { readonly event: 'note'; readonly message: string }
  | {
      readonly event: 'plan'
      readonly steps: readonly string[]
      readonly cost: string
      /** Where the relay orders its certificates by itself. */
      readonly certificates?: string | undefined
    }
  | { readonly event: 'step'; readonly step: string; readonly message: string }
  | { readonly event: 'done'; readonly step: string; readonly elapsedMs: number }
  | { readonly event: 'record-to-set'; readonly name: string; readonly address: string }

export type Reporter = (event: ProvisionerEvent) => void
