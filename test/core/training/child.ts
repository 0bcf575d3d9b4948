import { beginRun, resumeRun } from '../../../src/core/training';
import type { RunEvent } from '../../../src/protocol/events';
import type { RunConfig } from '../../../src/protocol/runConfig';

/** A process that trains and prints its events: what the slow tests kill. */
const [mode, folder, config] = process.argv.slice(2) as [string, string, string];
const onEvent = (event: RunEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);
const places = { modelsFolder: '/nowhere', onEvent };
const opening = mode === 'begin' ? beginRun(JSON.parse(config) as RunConfig, { folder, ...places }) : resumeRun(folder, places);
void opening.then((run) => run.done);
