import * as l10n from '@vscode/l10n';
import { useEffect, useRef, useState } from 'preact/hooks';
import { hasClasses } from '../../src/protocol/defaults';
import type { TrainingFields } from '../../src/protocol/panel';
import { isTexts } from '../../src/protocol/tasks';
import { number, precise } from '../format';
import { post } from '../host';
import { fieldsOf, limits, type NumberField, parseField, type Refusal } from '../logic/fields';
import { oneLine } from '../logic/shownText';
import { Select } from '../parts/controls';
import { Icon } from '../parts/icon';
import { panel, refused, run, runPulse, textPages, textTokens, view } from '../session';
import { usePulse, useStore } from '../store';

/** Shown at once; the host's answer says the same. */
function set(fields: Partial<TrainingFields>): void {
  panel.patch({ training: { ...panel.state.training, ...fields } });
  post({ type: 'training', fields });
}

/** What changes the tokens of texts. */
function setReading(fields: Partial<TrainingFields>): void {
  set(fields);
  textPages.clear();
  textTokens.clear();
}

function mark(field: NumberField, bad: boolean): void {
  const fields = new Set(refused.state.fields);
  if (bad === fields.has(field)) return;
  if (bad) fields.add(field);
  else fields.delete(field);
  refused.patch({ fields });
}

function refusalWords(field: NumberField, refusal: Refusal): string {
  const { min, max, above } = limits[field];
  switch (refusal) {
    case 'notANumber':
      return l10n.t('Not a number');
    case 'notWhole':
      return l10n.t('A whole number, please');
    case 'tooSmall':
      return above ? l10n.t('More than {0}', precise(min)) : l10n.t('{0} or more', precise(min));
    case 'tooLarge':
      return l10n.t('{0} at most', max >= 1000 ? number(max) : precise(max));
  }
}

interface NumberProps {
  field: NumberField;
  label: string;
  fields: TrainingFields;
  fixed: boolean;
}

function NumberInput({ field, label, fields, fixed }: NumberProps) {
  const value = fields[field];
  const [text, setText] = useState(String(value));
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  // What the host says replaces what was typed, unless that is being mended.
  useEffect(() => {
    setText(String(value));
    setRefusal(null);
    mark(field, false);
  }, [value]);
  useEffect(() => () => mark(field, false), []);
  const typed = (next: string) => {
    setText(next);
    const parsed = parseField(field, next);
    const wrong = 'refusal' in parsed ? parsed.refusal : null;
    setRefusal(wrong);
    mark(field, wrong !== null);
  };
  const leave = () => {
    const parsed = parseField(field, text);
    if ('value' in parsed && parsed.value !== value) set({ [field]: parsed.value });
  };
  const hint = `${field}-hint`;
  return (
    <label class="form-field">
      <span>{label}</span>
      <input
        class="input num"
        inputMode="decimal"
        value={text}
        readOnly={fixed}
        aria-invalid={refusal !== null}
        aria-describedby={refusal ? hint : undefined}
        onInput={(event) => typed(event.currentTarget.value)}
        onBlur={leave}
        onKeyDown={(event) => event.key === 'Enter' && leave()}
      />
      {refusal && (
        <span class="refusal" id={hint} role="alert">
          {refusalWords(field, refusal)}
        </span>
      )}
    </label>
  );
}

/** The usual values, and the present one where it is none of them. */
function withPresent(usual: readonly number[], present: number, words: (x: number) => string): [number, string][] {
  return [...new Set([...usual, present])].sort((a, b) => a - b).map((x) => [x, words(x)]);
}

const patience = (epochs: number) =>
  epochs === 0 ? l10n.t('Off') : epochs === 1 ? l10n.t('after 1 epoch') : l10n.t('after {0} epochs', number(epochs));

/** Lengths that are usual, as far as the model takes them. */
const usualLengths = [64, 128, 256, 512, 1024];

/** Tokens of a text at most; what is beyond is cut off. */
function MaximumLength({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const most = useStore(panel, (s) => s.model?.maxLength ?? 0);
  const usual = usualLengths.filter((length) => most === 0 || length < most);
  const words = (length: number) => (length === 0 ? (most > 0 ? l10n.t('{0} (all)', number(most)) : l10n.t('all')) : number(length));
  return (
    <Select
      label={l10n.t('Maximum length')}
      value={fields.maxLength}
      options={[...withPresent(usual, fields.maxLength || (usual[0] ?? 64), words).filter(([length]) => length > 0), [0, words(0)]]}
      fixed={fixed}
      onChange={(maxLength) => setReading({ maxLength })}
    />
  );
}

/** What becomes of texts that are longer, where there are any. */
function LongTexts({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const some = useStore(panel, (s) => s.data !== null && hasClasses(s.data.summary.task) && s.cut.length > 0);
  // Where the other way is chosen they are counted anew: the field stays meanwhile.
  const was = useRef(false);
  was.current ||= some;
  if (!was.current && fields.longTexts === 'cut') return null;
  return (
    <Select
      label={l10n.t('Longer texts')}
      value={fields.longTexts}
      options={[
        ['cut', l10n.t('Cut off')],
        ['windows', l10n.t('Split up')],
      ]}
      fixed={fixed}
      onChange={(longTexts) => set({ longTexts })}
    />
  );
}

const unknownPrefixes: readonly string[] = [];

/** What the model reads before every source; those that it was taught are proposed. */
function Prefix({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const hasSources = useStore(panel, (s) => s.data?.summary.task === 'text-to-text');
  const taught = useStore(panel, (s) => s.model?.prefixes ?? unknownPrefixes);
  // A space that is missing between the two is seen here.
  const source = useStore(panel, (s) => s.textRows[0]?.fields[0]);
  const [text, setText] = useState(fields.prefix);
  useEffect(() => setText(fields.prefix), [fields.prefix]);
  if (!hasSources) return null;
  const leave = () => {
    if (text !== fields.prefix) setReading({ prefix: text });
  };
  return (
    <label class="form-field wide">
      <span title={l10n.t('Written before every source, as T5 was taught')}>{l10n.t('Task prefix')}</span>
      <input
        class="input"
        list="prefixes"
        dir="auto"
        value={text}
        placeholder={taught[0] ?? l10n.t('nothing')}
        readOnly={fixed}
        maxLength={1000}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={leave}
        onKeyDown={(event) => event.key === 'Enter' && leave()}
      />
      <datalist id="prefixes">
        {taught.map((prefix) => (
          <option key={prefix} value={prefix} />
        ))}
      </datalist>
      {text !== '' && source !== undefined && !fixed && (
        <bdi class="dim small as-read" aria-hidden="true">
          {oneLine(source.startsWith(text) ? source : `${text}${source}`)}
        </bdi>
      )}
    </label>
  );
}

/** How the adapters are, where there are any. */
function Adapters({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const chosen = useStore(panel, (s) => s.lora !== null);
  const hasAdapters = fixed && run.current.config ? run.current.config.lora !== undefined : chosen;
  if (!hasAdapters) return null;
  return (
    <>
      <NumberInput field="loraRank" label={l10n.t('Rank (LoRA)')} fields={fields} fixed={fixed} />
      <NumberInput field="loraAlpha" label={l10n.t('Alpha (LoRA)')} fields={fields} fixed={fixed} />
    </>
  );
}

function Usual({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const ofTexts = useStore(panel, (s) => s.data !== null && isTexts(s.data.summary.task));
  const ofPictures = useStore(panel, (s) => (s.data === null ? s.dataFailure === null : !isTexts(s.data.summary.task)));
  return (
    <div class="form">
      <NumberInput field="epochs" label={l10n.t('Epochs')} fields={fields} fixed={fixed} />
      <Select
        label={l10n.t('Batch size')}
        value={fields.batchSize}
        options={withPresent([4, 8, 16, 32, 64], fields.batchSize, String)}
        fixed={fixed}
        onChange={(batchSize) => set({ batchSize })}
      />
      <NumberInput field="learningRate" label={l10n.t('Learning rate')} fields={fields} fixed={fixed} />
      {ofTexts && (
        <>
          <MaximumLength fields={fields} fixed={fixed} />
          <LongTexts key={fields.maxLength} fields={fields} fixed={fixed} />
        </>
      )}
      {ofPictures && (
        <Select
          label={l10n.t('Augmentation')}
          value={fields.augmentation}
          options={[
            ['none', l10n.t('None')],
            ['flip', l10n.t('Flip')],
            ['standard', l10n.t('Standard')],
          ]}
          fixed={fixed}
          onChange={(augmentation) => set({ augmentation })}
        />
      )}
      <Select
        label={l10n.t('Early stopping')}
        value={fields.earlyStopping}
        options={withPresent([0, 2, 3, 5], fields.earlyStopping, patience)}
        fixed={fixed}
        onChange={(earlyStopping) => set({ earlyStopping })}
      />
      <Prefix fields={fields} fixed={fixed} />
      <Adapters fields={fields} fixed={fixed} />
    </div>
  );
}

function Advanced({ fields, fixed }: { fields: TrainingFields; fixed: boolean }) {
  const tellsClasses = useStore(panel, (s) => s.data === null || hasClasses(s.data.summary.task));
  return (
    <div class="form" id="advanced">
      <Select
        label={l10n.t('Optimizer')}
        value={fields.optimizer}
        options={[
          ['adamw', 'AdamW'],
          ['sgd', 'SGD'],
        ]}
        fixed={fixed}
        onChange={(optimizer) => set({ optimizer })}
      />
      <NumberInput field="weightDecay" label={l10n.t('Weight decay')} fields={fields} fixed={fixed} />
      <Select
        label={l10n.t('Schedule')}
        value={fields.schedule}
        options={[
          ['cosine', l10n.t('Cosine')],
          ['linear', l10n.t('Linear')],
          ['constant', l10n.t('Constant')],
        ]}
        fixed={fixed}
        onChange={(schedule) => set({ schedule })}
      />
      <NumberInput field="warmup" label={l10n.t('Warm-up, share')} fields={fields} fixed={fixed} />
      {tellsClasses && (
        <>
          <NumberInput field="labelSmoothing" label={l10n.t('Label smoothing')} fields={fields} fixed={fixed} />
          <Select
            label={l10n.t('Class weights')}
            value={fields.classWeights}
            options={[
              ['none', l10n.t('None')],
              ['balanced', l10n.t('Balanced')],
            ]}
            fixed={fixed}
            onChange={(classWeights) => set({ classWeights })}
          />
        </>
      )}
      <NumberInput field="gradientClipping" label={l10n.t('Gradient clipping, 0: none')} fields={fields} fixed={fixed} />
      <NumberInput field="gradientAccumulation" label={l10n.t('Batches an update')} fields={fields} fixed={fixed} />
      <NumberInput field="validationSplit" label={l10n.t('Validation, share')} fields={fields} fixed={fixed} />
      <NumberInput field="testSplit" label={l10n.t('Test, share')} fields={fields} fixed={fixed} />
      <NumberInput field="seed" label={l10n.t('Seed')} fields={fields} fixed={fixed} />
    </div>
  );
}

const foldedFields = [
  'weightDecay',
  'warmup',
  'labelSmoothing',
  'gradientClipping',
  'gradientAccumulation',
  'validationSplit',
  'testSplit',
  'seed',
];

/** The settings of a run: five fields, the rest under Advanced. While a run goes on they are its own, read-only. */
export function SettingsForm({ fixed }: { fixed: boolean }) {
  const chosen = useStore(panel, (s) => s.training);
  usePulse(runPulse, 1000);
  const fields = fixed && run.current.config ? fieldsOf(run.current.config) : chosen;
  const advanced = useStore(view, (v) => v.advanced);
  const wrong = useStore(refused, (r) => r.fields);
  // A refused value under the fold would block the start unseen.
  const open = advanced || foldedFields.some((f) => wrong.has(f));
  return (
    <>
      <Usual fields={fields} fixed={fixed} />
      <button
        type="button"
        class="fold quiet"
        aria-expanded={open}
        aria-controls="advanced"
        onClick={() => view.patch({ advanced: !open })}
      >
        <Icon name="chevron" kind="twistie" />
        {l10n.t('Advanced')}
      </button>
      {open && <Advanced fields={fields} fixed={fixed} />}
    </>
  );
}
