import { open } from 'node:fs/promises';
import path from 'node:path';

/** Model cards begin with their facts; what comes later is text. */
const cardBytes = 1 << 14;

/** The licence that a downloaded model's card states in its front matter (`license: apache-2.0`); empty where it states none. */
export async function statedLicence(folder: string): Promise<string> {
  const card = await open(path.join(folder, 'README.md')).catch(() => null);
  if (!card) return '';
  try {
    const { buffer, bytesRead } = await card.read(Buffer.alloc(cardBytes), 0, cardBytes, 0);
    const [, facts = ''] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(buffer.toString('utf8', 0, bytesRead)) ?? [];
    return /^license:[ \t]*["']?([\w.+-]+)/m.exec(facts)?.[1] ?? '';
  } finally {
    await card.close();
  }
}
