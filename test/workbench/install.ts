import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { spdlogStandIn } from './spdlogStandIn';

/** code-server 4.N carries VS Code 1.N; its extension host runs this Node. */
const versions = { codeServer: '4.139.1', node: '24.21.0' };
const folder = path.resolve('test/.workbench');
const exec = promisify(execFile);

export interface Installation {
  /** The server part of VS Code: `out/server-main.js` in here. */
  server: string;
  /** The Node that runs it. */
  node: string;
  /** A Chromium or Chrome. */
  browser: string;
}

/** Why this machine cannot run the workbench, or null. */
export function whyNot(): string | null {
  if (process.platform === 'win32') return 'the workbench runs on Linux and macOS';
  if (!findBrowser() && !canInstallBrowser()) return 'there is no Chromium or Chrome (set CHROME to its path)';
  return null;
}

/** Puts a real VS Code (the server part of code-server), its Node and, on Debian as root, Chromium in place, once. */
export async function install(): Promise<Installation> {
  const done = path.join(folder, 'installed.json');
  const wanted = JSON.stringify(versions);
  if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    console.log('Installing a VS Code workbench into test/.workbench …');
    await Promise.all([installNode(), installServer()]);
    writeFileSync(done, wanted);
  }
  return {
    server: path.join(folder, 'vscode'),
    node: path.join(folder, 'node/bin/node'),
    browser: findBrowser() ?? (await installBrowser()),
  };
}

function findBrowser(): string | undefined {
  const onPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = [
    process.env.CHROME ?? '',
    ...onPath.flatMap((name) => folders.map((f) => path.join(f, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  return candidates.find((file) => file && existsSync(file));
}

const canInstallBrowser = (): boolean => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && existsSync('/etc/debian_version');

async function installBrowser(): Promise<string> {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await exec('apt-get', ['update', '-qq'], options);
  const packages = ['chromium', 'fonts-dejavu-core'];
  await exec('apt-get', ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  const browser = findBrowser();
  if (!browser) throw new Error('chromium was installed, yet is nowhere on the PATH');
  return browser;
}

const npm = (args: string[], cwd: string) =>
  exec('npm', [...args, '--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'], { cwd, maxBuffer: 1 << 26 });

/** Unpacks parts of a package of the registry (npm checks its integrity); `strip` as in tar. */
async function unpack(name: string, into: string, strip: number, tarOptions: string[]): Promise<void> {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'thaw-workbench-'));
  try {
    await npm(['pack', '--silent', name], temporary);
    mkdirSync(into, { recursive: true });
    const archive = path.join(temporary, readdirSync(temporary)[0]!);
    await exec('tar', ['-xzf', archive, '-C', into, `--strip-components=${strip}`, ...tarOptions]);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

const installNode = () =>
  unpack(`node-${process.platform}-${process.arch}@${versions.node}`, path.join(folder, 'node'), 1, [
    'package/bin/node',
    'package/LICENSE',
  ]);

/** Built-in extensions that the tests have no use for; they are large. */
const leftOut = [
  'copilot',
  'git',
  'mermaid-markdown-features',
  'microsoft-authentication',
  'ms-vscode.js-debug',
  'ms-vscode.js-debug-companion',
];

/** The server's dependencies that matter here: no terminal, no telemetry, no authentication. None of them is compiled. */
const needed = new Set(
  `cookie minimist ws @microsoft/1ds-core-js @microsoft/1ds-post-js @vscode/proxy-agent http-proxy-agent https-proxy-agent yauzl yazl
  @parcel/watcher @vscode/ripgrep-universal @vscode/iconv-lite-umd jschardet vscode-regexpp vscode-oniguruma vscode-textmate tas-client`.split(
    /\s+/,
  ),
);

async function installServer(): Promise<void> {
  const server = path.join(folder, 'vscode');
  const excluded = ['*.js.map', ...leftOut.map((name) => `package/lib/vscode/extensions/${name}`)];
  await unpack(`code-server@${versions.codeServer}`, server, 3, [...excluded.map((glob) => `--exclude=${glob}`), 'package/lib/vscode']);

  const manifest = path.join(server, 'package.json');
  const { dependencies, ...rest } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; dependencies: Record<string, string> };
  const kept = Object.fromEntries(Object.entries(dependencies).filter(([name]) => needed.has(name)));
  writeFileSync(manifest, JSON.stringify({ name: rest.name, private: true, dependencies: kept }));
  await npm(['install', '--omit=dev', '--ignore-scripts'], server);
  // What is left native and has no prebuilt file: a logger, a watchdog, a device id.
  standIn('@vscode/spdlog', spdlogStandIn);
  standIn('@vscode/native-watchdog', 'exports.start = () => {};');
  standIn('@vscode/deviceid', "exports.getDeviceId = async () => '00000000-0000-4000-8000-000000000000';");

  const product = path.join(server, 'product.json');
  const settings = JSON.parse(readFileSync(product, 'utf8')) as Record<string, unknown>;
  for (const key of ['aiConfig', 'voiceWsUrl', 'updateUrl']) delete settings[key];
  writeFileSync(product, JSON.stringify({ ...settings, enableTelemetry: false }));

  function standIn(name: string, code: string): void {
    const target = path.join(server, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    writeFileSync(path.join(target, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'index.js' }));
    writeFileSync(path.join(target, 'index.js'), code);
  }
}
