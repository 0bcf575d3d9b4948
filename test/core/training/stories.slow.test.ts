import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random';
import { parseRunConfig } from '../../../src/core/runs';
import { isOfClasses } from '../../../src/protocol/report';
import { finished, newFolder, of } from './harness';
import { lines } from './tinyTexts';

const root = path.resolve(__dirname, '../../..');
const real = path.resolve(root, '../shared/real/stories260K');

/** Stories of children, put together from a few sentences. */
function stories(count: number): string[] {
  const random = new RandomStream(1, 'stories');
  const one = (...words: string[]) => words[Math.floor(random.uniform() * words.length)] as string;
  return Array.from({ length: count }, () => {
    const [name, friend] = [one('Tim', 'Lily', 'Ben', 'Sue'), one('Tom', 'Anna', 'Max', 'Mia')];
    const [thing, place, animal] = [one('ball', 'kite', 'boat', 'drum'), one('park', 'garden', 'forest'), one('dog', 'cat', 'frog')];
    return [
      one(`Once upon a time, there was a little ${one('girl', 'boy')} named ${name}.`, `One day, ${name} went to the ${place}.`),
      one(`${name} had a big ${thing}.`, `${name} saw a ${animal} near the ${place}.`, `${name} and ${friend} were friends.`),
      one(`But the ${thing} was lost.`, `Then the ${animal} took the ${thing} and ran away.`),
      one(`${friend} helped ${name} and they found the ${thing}.`, `The ${animal} gave the ${thing} back.`),
      one('They were happy.', 'They played together until the sun went down.'),
    ].join(' ');
  });
}

it.skipIf(!existsSync(real))('a Llama that was trained on stories goes on learning, and tells new ones of their kind better', async () => {
  const folder = newFolder();
  const model = path.join(folder, 'stories260K');
  const files = [path.join(real, 'stories260K.bin'), model, path.join(real, 'tok512.bin')];
  execFileSync(process.execPath, [path.join(root, 'scripts/llama2c.mjs'), ...files]);
  const data = lines(
    folder,
    'stories.txt',
    stories(160).flatMap((story) => [story, '']),
  );
  const perplexityAt = async (learningRate: number) => {
    const { events } = await finished(
      parseRunConfig({
        data: { path: data, task: 'causal-lm', validationSplit: 0.15, testSplit: 0.2 },
        model,
        phases: [{ epochs: 2, learningRate, rules: ['**'] }],
        batchSize: 8,
        augmentation: 'none',
        labelSmoothing: 0,
        maxLength: 96,
      }),
    );
    const test = of(events, 'finished')[0]?.report.test;
    if (!test || isOfClasses(test)) throw new Error(JSON.stringify(events.at(-1)));
    return test.perplexity;
  };
  const before = await perplexityAt(1e-9); // moves nothing that counts
  expect(before).toBeGreaterThan(2);
  expect(before).toBeLessThan(30); // it knows stories
  expect(await perplexityAt(2e-3)).toBeLessThan(before * 0.7);
});
