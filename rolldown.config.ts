import { fileURLToPath } from 'node:url'
import { defineConfig } from 'rolldown'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What is published: library, emulator and their programs as JavaScript, a few files that load at once. `npm pack` asks for it. */
export default defineConfig({
  input: {
    index: at('./src/index.ts'),
    emulator: at('./emulator/index.ts'),
    'bin/tenantry': at('./src/bin/tenantry.ts'),
    'bin/tenantry-emulator': at('./emulator/cli.ts'),
  },
  platform: 'node',
  transform: { target: 'node22.18' },
  // Packages are installed beside it; what is ours, named with #, is built in, and so is what `using` is written out with.
  external: /^(?![#./\0]|[a-z]:|@oxc-project\/runtime)/i,
  output: { dir: at('./dist'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
})
