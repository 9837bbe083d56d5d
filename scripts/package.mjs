// What npm publishes is JavaScript: Node strips no types below node_modules. `npm pack` runs this before (`build`) and
// after (`restore`): package.json names sources for us who work here, and what was built for everybody else.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installPackages, root } from './install.mjs'

const MANIFEST = join(root, 'package.json')
const KEPT = join(root, '.tenantry', 'package.json')
const DIST = join(root, 'dist')
const PROGRAMS = { rolldown: 'rolldown/bin/cli.mjs', tsc: 'typescript/bin/tsc' }

function run(program, ...args) {
  const file = join(root, 'node_modules', PROGRAMS[program])
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}

const entry = (name, source) => ({ types: `./dist/types/${source}.d.ts`, default: `./dist/${name}.mjs` })

function build() {
  // In a clone that nothing has been installed in.
  installPackages()
  rmSync(DIST, { recursive: true, force: true })
  run('rolldown', '--config', 'rolldown.config.ts', '--log-level', 'warn')
  run('tsc', '-p', 'tsconfig.types.json')
  // Files that are read while it runs stand beside what reads them.
  for (const door of ['pages', 'console'])
    cpSync(join(root, 'src', door, 'assets'), join(DIST, 'assets'), { recursive: true })
  mkdirSync(dirname(KEPT), { recursive: true })
  copyFileSync(MANIFEST, KEPT)
  const kept = JSON.parse(readFileSync(MANIFEST, 'utf8'))
  for (const ours of ['private', 'imports', 'scripts', 'devDependencies', 'allowScripts']) delete kept[ours]
  const manifest = {
    ...kept,
    // Types keep the names that rooms have among themselves.
    imports: {
      '#emulator/*.ts': { types: './dist/types/emulator/*.d.ts' },
      '#*.ts': { types: './dist/types/src/*.d.ts' },
    },
    exports: {
      '.': entry('index', 'src/index'),
      './emulator': entry('emulator', 'emulator/index'),
      './emulator/program': './dist/bin/tenantry-emulator.mjs',
    },
    bin: { tenantry: 'dist/bin/tenantry.mjs', 'tenantry-emulator': 'dist/bin/tenantry-emulator.mjs' },
    files: ['.env.example', 'dist', 'docs', 'emulator/README.md', 'examples'],
    engines: { node: '>=22.18' },
  }
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
}

const tasks = { build, restore: () => renameSync(KEPT, MANIFEST) }
tasks[process.argv[2]]()
