/** `npm start`: installs what is missing, then shows the whole journey with the pinned Node. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { installPackages, node, root } from './install.mjs'

installPackages()
const demo = spawn(node, [join(root, 'scripts', 'demo', 'main.ts'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)
})
