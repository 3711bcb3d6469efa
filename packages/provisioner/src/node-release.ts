// The Node that the instance runs: one version, the SHA-256 of its binary, and where to get it. The
// binary itself is pinned, not an archive, so that any mirror of any packaging may serve it.

export interface NodeRelease {
  /** SHA-256 of bin/node, by what `uname -m` says. */
  readonly sha256: { readonly x86_64: string; readonly aarch64: string }
  /** Gzipped tar archives with a bin/node in them; `{arch}` is x64 or arm64. Tried in turn. */
  readonly mirrors: readonly string[]
}

export const nodeRelease: NodeRelease = {
  sha256: {
    x86_64: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
    aarch64: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
  },
  mirrors: [
    'https://nodejs.org/dist/v24.21.0/node-v24.21.0-linux-{arch}.tar.gz',
    'https://mirrors.tuna.tsinghua.edu.cn/nodejs-release/v24.21.0/node-v24.21.0-linux-{arch}.tar.gz',
  ],
}
