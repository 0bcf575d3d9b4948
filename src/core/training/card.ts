import path from 'node:path';
import { isOfClasses, type Report } from '../../protocol/report';
import type { RunRecord } from '../../protocol/runConfig';
import type { Selection } from './selection';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const timmLayout =
  "The folder has timm's layout: `config.json` with the labels and how pictures are prepared, `model.safetensors` with timm's parameter names.";
const transformersLayout =
  "The folder has transformers' layout: `config.json`, `model.safetensors` with transformers' parameter names, and the tokenizer's files.";
const kerasLayout =
  "The folder has Thaw's own layout for Keras models: `config.json` with the labels, how pictures are prepared, and Keras's layers; `model.safetensors` with Keras's parameter names, joined by dots. Kernels of convolutions lie as [out, in, height, width], of dense layers as [out, in]; the last layer gives logits.";

/** README.md of the result, in the form that model hubs read: what it is, what it was made from, how good it is, how to load it. */
export function modelCard(record: RunRecord, selection: Selection, report: Pick<Report, 'test' | 'validation' | 'best'>): string {
  const { config, model, classes } = record;
  const rows = (['test', 'validation'] as const).flatMap((split) => {
    const found = report[split];
    if (!found) return [];
    const third = isOfClasses(found) ? found.macroF1.toFixed(4) : found.perplexity.toFixed(3);
    return [`| ${split} | ${percent(found.accuracy)} | ${found.loss.toFixed(4)} | ${third} |`];
  });
  const learned = [...selection.learning];
  const shown = learned.slice(0, 20).map((name) => `\`${name}\``);
  const more = learned.length > shown.length ? ` and ${learned.length - shown.length} more` : '';
  const isKeras = model.family === 'keras';
  const name = nameOf(model);
  const weights = model.sha256 ? `, SHA-256 of its weights \`${model.sha256}\`` : ', random initial weights';
  const kind = kindOf(config.data, classes, isKeras);
  const isLanguage = classes.length === 0;
  return `---
library_name: ${kind.library}
pipeline_tag: ${kind.pipeline}
license: ${(model.licence || 'unknown').toLowerCase()}
${baseOf(model)}tags: [${kind.pipeline}, thaw]
---

# ${record.id}

${kind.sentence} Fine-tuned with Thaw from **${name}** (${model.family}, ${model.source}).

| | |
|---|---|
| Base model | ${name}${weights} |
| Licence of the base model | ${model.licence || 'unknown'} |
| Data, fingerprint | \`${record.dataFingerprint}\` |
| Kept weights | epoch ${report.best.epoch}, step ${report.best.step} |
| Seed | ${config.seed} |
${config.longTexts === 'windows' ? '| Long texts | split into windows that overlap by a quarter; a text has the mean of their probabilities |\n' : ''}
${rows.length > 0 ? `| split | ${isLanguage ? 'tokens told right' : 'accuracy'} | loss | ${isLanguage ? 'perplexity' : 'macro F1'} |\n|---|---|---|---|\n${rows.join('\n')}\n` : ''}
The loss is the cross-entropy in nats${isLanguage ? ' a token' : ''}, without label smoothing. The test set was looked at once, after training.

## What learned

${selection.trainableParameters.toLocaleString('en')} of ${selection.parameters.toLocaleString('en')} parameters learned at the end (rules: ${selection.rules.map((rule) => `\`${rule}\``).join(', ')}): ${shown.join(', ')}${more}. All others stayed frozen, bit for bit.

## Use

\`\`\`sh
${kind.use}
\`\`\`

${kind.layout}
`;
}

interface Kind {
  readonly library: string;
  /** The hub's name for what the model does. */
  readonly pipeline: string;
  readonly sentence: string;
  readonly use: string;
  readonly layout: string;
}

function kindOf({ task, prefix = '' }: RunRecord['config']['data'], classes: readonly string[], isKeras: boolean): Kind {
  const names = `${classes.length} classes: ${classes.join(', ')}.`;
  const texts = { library: 'transformers', layout: transformersLayout };
  const classifier = { ...texts, pipeline: 'text-classification', use: "echo 'a text' | thaw predict ." };
  switch (task) {
    case 'image-classification': {
      const layout = isKeras ? { library: 'thaw', layout: kerasLayout } : { library: 'timm', layout: timmLayout };
      return { ...layout, pipeline: task, sentence: `An image classifier for ${names}`, use: 'thaw predict . photo.jpg' };
    }
    case 'text-classification':
      return { ...classifier, sentence: `A text classifier for ${names}` };
    case 'text-pair-classification':
      return { ...classifier, sentence: `A classifier of pairs of texts for ${names}` };
    case 'causal-lm':
      return { ...texts, pipeline: 'text-generation', sentence: 'A language model.', use: "thaw generate . --prompt 'Once upon'" };
    case 'chat':
      return {
        ...texts,
        pipeline: 'text-generation',
        sentence: 'A language model that answers.',
        use: "thaw generate . --chat --prompt 'A question'",
      };
    case 'text-to-text':
      return {
        ...texts,
        pipeline: 'text2text-generation',
        sentence: 'A model from text to text.',
        use: `thaw generate . --prompt '${prefix.replaceAll("'", "'\\''")}A text'`,
      };
  }
}

/** What a model of this computer is called elsewhere, where its path says nothing: by the last part of it. */
function nameOf({ id, source }: RunRecord['model']): string {
  if (source !== 'disk' && source !== 'run') return id;
  const [folder, last] = [path.basename(path.dirname(id)), path.basename(id)];
  return /^(pytorch_)?model\./.test(last) ? `${folder}/${last}` : last;
}

/** The line by which hubs find the model that this one was made from: of one that has a name there. */
function baseOf({ id, source }: RunRecord['model']): string {
  const isKnown = source === 'cached' || source === 'hub';
  return isKnown ? `base_model: ${id.replace(/@.*/, '')}\n` : '';
}
