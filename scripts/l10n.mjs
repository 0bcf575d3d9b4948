// Checks that every string for people is translated. usage: node scripts/l10n.mjs
// Reads the calls of l10n.t in src and webview-ui, and package.nls.json; names what a language lacks, keeps without need,
// or fills in otherwise than English does. Exit code 1 if anything is amiss.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const json = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const problems = [];

/** The English strings, each with a file that says it. */
const said = new Map();
for (const file of sources(['src', 'webview-ui'])) {
  const text = readFileSync(file, 'utf8');
  for (const call of text.matchAll(/\bl10n\.t\(\s*/g)) {
    const literal = /^(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`)(?=\s*[,)])/.exec(
      text.slice(call.index + call[0].length),
    );
    const where = path.relative(root, file);
    if (literal) said.set(unquoted(literal[0]), where);
    else problems.push(`${where}: l10n.t wants one plain string, at “${text.slice(call.index, call.index + 60).split('\n')[0]}”`);
  }
}

for (const name of readdirSync(path.join(root, 'l10n'))) {
  const language = /^bundle\.l10n\.(.+)\.json$/.exec(name)?.[1];
  if (!language) continue;
  compare(said, json(`l10n/${name}`), `l10n/${name}`);
  compare(new Map(Object.entries(json('package.nls.json'))), json(`package.nls.${language}.json`), `package.nls.${language}.json`);
}

for (const problem of problems) console.error(problem);
console.log(`${said.size} strings, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;

/** @param english in the bundle the key is the English string itself, in package.nls.json the value is */
function compare(english, translated, file) {
  for (const [key, value] of english) {
    const there = translated[key];
    if (typeof there !== 'string') problems.push(`${file} lacks ${JSON.stringify(key)}`);
    else if (places(there) !== places(english === said ? key : value))
      problems.push(`${file} fills in other places: ${JSON.stringify(there)}`);
  }
  for (const key of Object.keys(translated))
    if (!english.has(key)) problems.push(`${file} keeps ${JSON.stringify(key)}, which nobody says`);
}

/** The places to fill in and the commands to call, in a fixed order: these a translation must not lose. */
function places(text) {
  return (text.match(/\{\d+\}|\(command:[^)]*\)/g) ?? []).sort().join(' ');
}

function unquoted(literal) {
  return Function(`return ${literal}`)();
}

function sources(folders) {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => path.join(root, folder, name)),
  );
}
