// Fills models/ with what its arguments name, the model that Thaw comes with where they name none.
import { efficientNetLite } from './efficientnet-lite.mjs';
import { minilm } from './minilm.mjs';

const models = { lite0: () => efficientNetLite(0), lite1: () => efficientNetLite(1), lite2: () => efficientNetLite(2), minilm };

async function main(names) {
  const unknown = names.find((name) => !Object.hasOwn(models, name));
  if (unknown) throw new Error(`There is no "${unknown}", there is ${Object.keys(models).join(', ')}.`);
  for (const name of names) await models[name]();
}

await main(process.argv.length > 2 ? process.argv.slice(2) : ['lite0']).catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
