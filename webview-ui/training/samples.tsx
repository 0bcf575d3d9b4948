import * as l10n from '@vscode/l10n';
import { number } from '../format';
import { run, runPulse } from '../session';
import { usePulse } from '../store';

/** What a language model writes as it stands after its last epoch, beside what it should write. */
export function Samples() {
  usePulse(runPulse, 1000);
  const { samples } = run.current;
  if (!samples) return null;
  return (
    <section class="samples">
      <h3>{l10n.t('What it writes after epoch {0}', number(samples.epoch))}</h3>
      <dl>
        {samples.samples.map(({ prompt, written, expected }, i) => (
          <div key={i}>
            <dt dir="auto">{prompt}</dt>
            <dd dir="auto">{written.trimStart()}</dd>
            {expected !== null && expected.trim() !== written.trim() && (
              <dd class="dim" dir="auto">
                {l10n.t('expected: {0}', expected)}
              </dd>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}
