import * as l10n from '@vscode/l10n';
import { Command, Option } from 'commander';
import { version } from '../../package.json';
import { textTasks } from '../protocol/data';
import type { Output } from './output';

/**
 * The commands of the terminal. Each loads what it needs when it is called, so that `thaw --help` answers at once.
 * @param exit sets the exit code of a command that ended well enough to return
 */
export function programFor(output: Output, exit: (code: number) => void): Command {
  const program = new Command('thaw')
    .description(l10n.t('Fine-tune neural networks: from a folder of pictures to a model.'))
    .version(version, '--version', l10n.t('print the version'))
    .helpOption('-h, --help', l10n.t('show this help'))
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', examples(['thaw inspect photos', 'thaw train photos --epochs 10', 'thaw predict .thaw/runs/photos-… new.jpg']));
  program.option('--json', l10n.t('machine-readable output on stdout: one document, or one event a line for train and resume'));
  const rules: string[] = [];
  const command = (nameAndArgs: string, description: string, lines: string[]) =>
    program.command(nameAndArgs).description(description).addHelpText('after', examples(lines));

  const inspect = command('inspect <data>', l10n.t('Look at pictures or texts: classes, splits, problems.'), [
    'thaw inspect photos',
    'thaw inspect photos --json',
    'thaw inspect reviews.csv --text-column body --label-column stars',
  ]);
  columnOptions(inspect)
    .option('--tokenizer <dir>', l10n.t("a model's folder: count the texts that are longer than it takes"))
    .option('--validation-split <share>', l10n.t('share of the training pictures taken for validation where the folder has none (0.15)'))
    .option('--test-split <share>', l10n.t('share taken for the test (0.15)'))
    .option('--quick', l10n.t('do not decode every picture to find damaged and near-identical ones'))
    .action(async (data, flags) => (await import('./commands/inspect')).inspect(data, flags, output));

  command('models', l10n.t('List the models that a run can begin from.'), ['thaw models']).action(async () =>
    (await import('./commands/models')).models(output),
  );

  command('pull <id>', l10n.t('Download a model from the hub into the cache that Hugging Face’s own tools use.'), [
    'thaw pull timm/mobilenetv2_100.ra_in1k',
    'thaw pull ORGANISATION/NAME@REVISION --json',
  ]).action(async (id) => (await import('./commands/pull')).pull(id, output));

  command('layers <model>', l10n.t("Show a model's layers, and which of them learn."), [
    'thaw layers efficientnet_lite0 --classes 3',
    "thaw layers all-MiniLM-L6-v2 --lora --lora-rank 4 --lora-targets '**.query'",
    "thaw layers efficientnet_lite0 --preset top --freeze 'blocks.6.**'",
  ])
    .option('--classes <n>', l10n.t('classes of the new head (2)'))
    .option('--preset <name>', l10n.t('which layers learn: head, top, all, lora'))
    .option('--lora', l10n.t('show adapters (LoRA) beside the layers that they belong to'))
    .addOption(ruleOption('--train <glob>', '', rules))
    .addOption(ruleOption('--freeze <glob>', '!', rules))
    .option('--lora-rank <n>', l10n.t('rank of the adapters (8)'))
    .addOption(targetsOption())
    .action(async (model, flags) => (await import('./commands/models')).layers(model, { ...flags, rules }, output));

  trainOptions(
    command('train [data]', l10n.t('Fine-tune a model on a folder of pictures, or on texts.'), [
      'thaw train photos',
      'thaw train photos --preset top --epochs 20 --augment standard',
      'thaw train reviews.csv --model all-MiniLM-L6-v2 --text-column body --label-column stars',
      "thaw train photos --train 'blocks.5.**' --freeze '**.bn*.**'",
      'thaw train trucks --model .thaw/runs/cars-2026-01-31-120000',
      'thaw train photos --config run.json --json > events.ndjson',
    ]),
    rules,
  ).action(async (data, flags) => exit(await (await import('./commands/train')).train(data, { ...flags, rules }, output)));

  command('resume <run>', l10n.t('Go on with a run from its last checkpoint.'), ['thaw resume .thaw/runs/photos-2026-01-31-120000']).action(
    async (run) => exit(await (await import('./commands/train')).resume(run, output)),
  );

  command('evaluate <run>', l10n.t("Measure a run's model on pictures that it did not learn from."), [
    'thaw evaluate RUN',
    'thaw evaluate RUN --data other-photos',
  ])
    .addOption(new Option('--split <name>', l10n.t('which split')).choices(['test', 'validation']).default('test'))
    .option('--data <dir>', l10n.t('another folder of pictures with the same classes'))
    .action(async (run, flags) => (await import('./commands/evaluate')).evaluate(run, flags, output));

  command('predict <run> [files...]', l10n.t("Ask a run's model about pictures, or about texts (files, or lines on standard input)."), [
    'thaw predict RUN new.jpg',
    "echo 'Free entry, text WIN now' | thaw predict RUN",
    'thaw predict RUN *.png --json',
  ]).action(async (run, files) => exit(await (await import('./commands/predict')).predict(run, files, output)));

  command('generate <model>', l10n.t('Write a text with a model: go on from a prompt, answer, or turn one text into another.'), [
    "thaw generate RUN --prompt 'Once upon a time'",
    "thaw generate RUN --prompt 'Why is the sky blue?' --chat --temperature 0.8 --top-p 0.95",
    "thaw generate RUN --prompt 'summarize: …' --beams 4 --json",
  ])
    .option('--prompt <text>', l10n.t('what to go on from (stdin)'))
    .option('--chat', l10n.t("put the prompt as a question, in the model's own way of writing conversations"))
    .option('--max-new-tokens <n>', l10n.t('tokens at most (128)'))
    .option('--temperature <x>', l10n.t('draw tokens, the less likely ones the more often the higher; 0: always the likeliest (0)'))
    .option('--top-k <n>', l10n.t('draw among so many of the likeliest tokens (all)'))
    .option('--top-p <x>', l10n.t('draw among the likeliest tokens that have this probability together (1)'))
    .option('--beams <n>', l10n.t('follow so many texts side by side and take the likeliest (1)'))
    .addOption(
      new Option('--stop <text>', l10n.t('end before this text; may be repeated')).argParser((text: string, before: string[] = []) => [
        ...before,
        text,
      ]),
    )
    .option('--seed <n>', l10n.t('the same seed draws the same text (0)'))
    .option('--threads <n>', l10n.t('processor threads; 0: as many as there are cores (0)'))
    .action(async (model, flags) => (await import('./commands/generate')).generate(model, flags, output));

  command('runs [dir]', l10n.t('List the runs in a folder (.thaw/runs).'), ['thaw runs', 'thaw runs ../other/.thaw/runs']).action(
    async (dir) => (await import('./commands/runs')).runs(dir, output),
  );

  command('compare <runs...>', l10n.t('Set runs side by side.'), ['thaw compare RUN RUN']).action(async (runs) =>
    (await import('./commands/runs')).compare(runs, output),
  );

  command('doctor', l10n.t('Say what this machine offers, and where things are.'), ['thaw doctor']).action(async () =>
    (await import('./commands/doctor')).doctor(output),
  );
  return program;
}

function columnOptions(command: Command): Command {
  return command
    .option('--task <name>', l10n.t('what is learned from texts: {0} (found in the data)', textTasks.join(', ')))
    .option('--max-length <tokens>', l10n.t("tokens that a text may have (the model's own)"))
    .option('--text-column <name>', l10n.t('the column of texts'))
    .option('--second-column <name>', l10n.t('the column of the second text of a pair'))
    .option('--label-column <name>', l10n.t('the column of labels'))
    .option('--source-column <name>', l10n.t('the column of texts to be made into others'))
    .option('--target-column <name>', l10n.t('the column of what they are made into'))
    .option('--instruction-column <name>', l10n.t('the column of instructions'))
    .option('--input-column <name>', l10n.t('the column of what an instruction is about; none: there is none'))
    .option('--output-column <name>', l10n.t('the column of answers'))
    .option('--messages-column <name>', l10n.t('the column of conversations; none: there is none'))
    .option('--split-column <name>', l10n.t('the column that says train, validation or test; none: deal the rows out anew'));
}

function trainOptions(train: Command, rules: string[]): Command {
  return columnOptions(train)
    .option('--prefix <text>', l10n.t('written before every source of text-to-text, as T5 was taught'))
    .option(
      '--long-texts <how>',
      l10n.t('cut texts that are longer, or windows: split them into parts that overlap and count as one text together (cut)'),
    )
    .option('--model <id|path|run>', l10n.t('what to begin from: see thaw models (efficientnet_lite0)'))
    .option('--preset <name>', l10n.t('which layers learn: head, top, all, or adapters beside some of them: lora (head; all from scratch)'))
    .addOption(ruleOption('--train <glob>', '', rules))
    .addOption(ruleOption('--freeze <glob>', '!', rules))
    .option('--epochs <n>', l10n.t('times that every picture is seen (10)'))
    .option('--batch-size <n>', l10n.t('pictures a step (16)'))
    .option('--learning-rate <x>', l10n.t('size of the steps (by preset and optimizer)'))
    .option('--optimizer <name>', l10n.t('adamw or sgd (adamw)'))
    .option('--weight-decay <x>', l10n.t('pull of the weights towards zero (0.01; sgd 0.0001)'))
    .option('--schedule <name>', l10n.t('learning rate over time: cosine, linear or constant (cosine)'))
    .option('--warmup <share>', l10n.t('share of the steps over which the learning rate rises (0.05)'))
    .option('--gradient-clipping <norm>', l10n.t('largest norm that all gradients together may have; 0 for any (0)'))
    .option('--gradient-accumulation <n>', l10n.t('batches whose gradients make one update (1)'))
    .option('--augment <name>', l10n.t('change the pictures as they are seen: none, flip, standard (flip)'))
    .option('--label-smoothing <x>', l10n.t('probability given to the other classes (0.1)'))
    .option('--class-weights <name>', l10n.t('none, or balanced: rare classes count more (none)'))
    .option('--early-stopping <n>', l10n.t('end after so many epochs without a better validation loss; 0 never (0)'))
    .option('--validation-split <share>', l10n.t('share of the training pictures taken for validation where the folder has none (0.15)'))
    .option('--test-split <share>', l10n.t('share taken for the test (0.15)'))
    .option('--image-size <pixels>', l10n.t("side of the square that the model sees (the model's own)"))
    .option('--dropout <share>', l10n.t("share that the model's dropout leaves out in a step; 0 for none (model: what it was made with)"))
    .option('--lora-rank <n>', l10n.t('rank of the adapters (8)'))
    .option('--lora-alpha <x>', l10n.t('what adapters count: α / rank (16)'))
    .option('--lora-dropout <share>', l10n.t('share of what adapters see that a step leaves out (0)'))
    .option('--lora-rslora', l10n.t('let adapters count α / √rank'))
    .addOption(targetsOption())
    .option('--seed <n>', l10n.t('the same seed gives the same model (0)'))
    .option('--engine <name>', l10n.t('onnx or tensorflow (onnx)'))
    .option('--device <name>', l10n.t('what the engine onnx computes on: auto, cpu, webgpu, directml, coreml, cuda (cpu)'))
    .option('--threads <n>', l10n.t('processor threads; 0: as many as there are cores (0)'))
    .option('--out <dir>', l10n.t("the run's folder, new or empty (.thaw/runs/…)"))
    .option('--config <file>', l10n.t('a configuration as JSON; what is given on the command line goes before it'));
}

/** `--train` and `--freeze` may be mixed, and the last that matches decides: both write into one list, in order. */
function ruleOption(flags: string, mark: '' | '!', rules: string[]): Option {
  const what = mark ? l10n.t('layers that stay as they are') : l10n.t('layers that learn');
  return new Option(flags, l10n.t('{0}, by the names of their parameters; may be repeated, the last that matches decides', what)).argParser(
    (glob: string) => rules.push(`${mark}${glob}`),
  );
}

function targetsOption(): Option {
  const what = l10n.t("layers that get adapters; may be repeated (attention's, by the family of the model)");
  return new Option('--lora-targets <glob>', what).argParser((glob: string, before: string[] = []) => [...before, glob]);
}

function examples(lines: string[]): string {
  return `\n${l10n.t('Examples:')}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
