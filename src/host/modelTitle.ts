import path from 'node:path';

/** Names that people know; a run's record holds the id alone. */
const families: [RegExp, (...found: string[]) => string][] = [
  [/^(?:tf_)?efficientnet_lite(\d)$/, (number) => `EfficientNet-Lite${number}`],
  [/^mobilenetv2_(\d)(\d\d)$/, (ones, hundredths) => `MobileNetV2 ${ones}.${hundredths}`],
  [/^convnet_small$/, () => 'Small ConvNet'],
];

/** A model's id as people read it; of an earlier run or a folder, its name. */
export function modelTitle(id: string): string {
  for (const [pattern, title] of families) {
    const found = pattern.exec(id);
    if (found) return title(...found.slice(1));
  }
  // A run's record has the commit, too, at which it took a model of the hub.
  return path.isAbsolute(id) ? path.basename(id) : id.replace(/@[0-9a-f]{40}$/, '');
}
