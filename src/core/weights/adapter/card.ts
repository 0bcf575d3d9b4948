import path from 'node:path';
import type { TextHead } from '../../models/text';

/** What PEFT finds the base by: a folder or a name of the hub, and there a revision. */
export interface AdapterBase {
  readonly name: string;
  readonly revision: string | null;
}

const classes: Partial<Record<TextHead, string>> = {
  'sequence-classification': 'AutoModelForSequenceClassification',
  'causal-lm': 'AutoModelForCausalLM',
  'text-to-text': 'AutoModelForSeq2SeqLM',
};

interface CardFacts {
  readonly base: AdapterBase;
  readonly title: string;
  readonly labels?: readonly string[];
  readonly kind?: TextHead;
}

/** README.md of an adapter, in the form that model hubs read: what it belongs to, and how to load it. No path of this computer stands in it. */
export function adapterCard({ base, title, labels = [], kind }: CardFacts): string {
  const isOnHub = !path.isAbsolute(base.name);
  const name = isOnHub ? base.name : path.basename(base.name);
  return `---
${isOnHub ? `base_model: ${JSON.stringify(name)}\n` : ''}library_name: peft
tags: [lora, thaw]
---

# ${title}

A low-rank adapter (LoRA) that was trained with Thaw. It stands beside the layers of its base and does nothing without it: **${name}**${base.revision ? `, revision \`${base.revision}\`` : ''}.
${labels.length > 0 ? `\nIts classes, in the order of its outputs: ${labels.join(', ')}.\n` : ''}
## Use

Thaw takes this folder as a model. In Python:
${kind && classes[kind] ? `\n${inPython(classes[kind], { ...base, name }, labels)}` : '\n`peft.PeftModel.from_pretrained(base, folder)`, where `base` is the network that it was trained on.\n'}`;
}

function inPython(kind: string, { name, revision }: AdapterBase, labels: readonly string[]): string {
  const at = revision ? `, revision=${JSON.stringify(revision)}` : '';
  const count = labels.length > 0 ? `, num_labels=${labels.length}` : '';
  return `\`\`\`python
from peft import PeftModel
from transformers import ${kind}

base = ${kind}.from_pretrained(${JSON.stringify(name)}${at}${count})
model = PeftModel.from_pretrained(base, ".")
\`\`\`
`;
}
