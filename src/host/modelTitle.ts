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
  return path.isAbsolute(id) ? path.basename(id) : id;
}
