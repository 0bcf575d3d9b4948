import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodingOf } from '../../../../src/core/data/text/decodeText';
import { openTable, type Table } from '../../../../src/core/data/text/table';
import type { Row } from '../../../../src/core/data/text/types';
import { failureOf } from '../../../failures';
import { folderOf } from '../making';

async function rowsOf(table: Table): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of table.rows()) rows.push(...batch);
  return rows;
}

async function opened(name: string, content: string | Uint8Array): Promise<Table> {
  return openTable(join(await folderOf({ [name]: content }), name));
}

const utf16 = (text: string, big: boolean) => (big ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf16le'));

describe('text in any encoding', () => {
  const text = 'label,text\nham,"Grüße, 世界 🌍\nin two lines"\nspam,Win now\n';
  const encodings: [string, Uint8Array][] = [
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 LE with a byte order mark', utf16(`\ufeff${text}`, false)],
    ['UTF-16 BE with a byte order mark', utf16(`\ufeff${text}`, true)],
    ['UTF-16 LE', utf16(text, false)],
    ['UTF-16 BE', utf16(text, true)],
    ['lines ended by CR LF', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['lines ended by CR', Buffer.from(text.replaceAll('\n', '\r'))],
    ['gzip', gzipSync(text)],
    ['gzip of UTF-16', gzipSync(utf16(`\ufeff${text}`, false))],
  ];
  it.each(encodings)('is read from %s', async (_name, bytes) => {
    const table = await opened('data.csv', bytes);
    expect(table.columns).toEqual(['label', 'text']);
    expect(await rowsOf(table)).toEqual([
      { line: 2, cells: { label: 'ham', text: 'Grüße, 世界 🌍\nin two lines' } },
      { line: 4, cells: { label: 'spam', text: 'Win now' } },
    ]);
  });

  it('survives chunks that end anywhere', async () => {
    const long = Array.from({ length: 60_000 }, (_, i) => `${i} é世🌍`).join('\r\n');
    const root = await folderOf({ 'a.txt': long });
    let read = '';
    for await (const chunk of decodeText(join(root, 'a.txt'))) read += chunk;
    expect(read).toBe(long.replaceAll('\r\n', '\n'));
  });

  it('is taken for Windows-1252 where it is not UTF-8, and for none where it is binary', () => {
    expect(encodingOf(Buffer.from('caf\xe9, na\xefve', 'latin1'), true)).toBe('windows-1252');
    expect(encodingOf(Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0', 'latin1'), true)).toBeNull();
    expect(encodingOf(Buffer.from([1, 2, 3, 4, 5, 6, 250, 251]), true)).toBeNull();
    expect(encodingOf(new Uint8Array(), true)).toBe('utf-8');
  });
});

describe('delimited text', () => {
  const field = fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => s.replaceAll('\r', ' ').replaceAll('\0', '').trim());
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

  it('gives back what was written, with quotes, delimiters and line ends within', async () => {
    const folder = await folderOf({});
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(',', '\t', ';', '|'),
        fc.array(
          fc.tuple(
            fc.constantFrom('yes', 'no'),
            field.filter((f) => f !== ''),
          ),
          { minLength: 3, maxLength: 30 },
        ),
        async (delimiter, rows) => {
          const lines = [`label${delimiter}text`, ...rows.map((cells) => cells.map(quoted).join(delimiter))];
          await writeFile(join(folder, 'x.csv'), lines.join('\n'));
          const table = await openTable(join(folder, 'x.csv'));
          const read = await rowsOf(table);
          expect(read.map(({ cells }) => [cells.label, cells.text])).toEqual(rows);
          const starts = rows.map((_, i) => 2 + i + rows.slice(0, i).reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0));
          expect(read.map(({ line }) => line)).toEqual(starts);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes quotes as they are where they do not quote', async () => {
    const table = await opened('sms.tsv', 'ham\t"Hello" he said\nspam\t"Win\nham\tok\nham\t"whole"\n');
    expect((await rowsOf(table)).map(({ cells }) => Object.values(cells))).toEqual([
      ['ham', '"Hello" he said'],
      ['spam', '"Win'],
      ['ham', 'ok'],
      ['ham', '"whole"'],
    ]);
  });

  it.each([
    ['named columns', 'text,label\ngood film,1\nbad film,0\nfine,1\n', ['text', 'label']],
    ['columns of unknown names over numbers', 'remark,worth\ngood film of the year,1\nbad film,0\nfine,1\n', ['remark', 'worth']],
    ['labels from the first row on', 'ham,good day to you\nspam,win now\nham,hello there\n', ['column1', 'column2']],
    ['no header over numbers', '1,a good film\n0,a bad film\n1,fine\n', ['column1', 'column2']],
    ['the same name twice', 'text,text,label\na b c,d e f,1\ng h,i j,0\nk l,m n,1\n', ['text', 'text_2', 'label']],
  ])('tells a header: %s', async (_name, content, columns) => {
    expect((await opened('data.csv', content)).columns).toEqual(columns);
  });

  it('names rows with too many cells, and keeps those with too few', async () => {
    const table = await opened('a.csv', 'text,label\na,x\nb\nc,y,extra\nd,x\n');
    const faulty: number[] = [];
    const rows: Row[] = [];
    for await (const batch of table.rows((line) => faulty.push(line))) rows.push(...batch);
    expect(faulty).toEqual([4]);
    expect(rows.map(({ line, cells }) => [line, cells.text, cells.label])).toEqual([
      [2, 'a', 'x'],
      [3, 'b', undefined],
      [5, 'd', 'x'],
    ]);
  });

  it('says where a quote is never closed', async () => {
    const body = Array.from({ length: 20_000 }, (_, i) => `"text, number ${i}",x`).join('\n');
    const table = await opened('a.csv', `text,label\n${body}\n"never closed,x\nmore,y\n`);
    const failure = await failureOf(rowsOf(table));
    expect(failure).toMatchObject({ code: 'data.unreadable', path: table.path });
    expect(failure?.message).toContain('line 20001 ');
  });
});

describe('JSON', () => {
  const value = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });

  it('gives back objects of lines and of lists, indented or not, plain or in an object', async () => {
    const folder = await folderOf({});
    const file = join(folder, 'x.json');
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 12 }), fc.constantFrom(0, 2), async (objects, indent) => {
        const plain = JSON.parse(JSON.stringify(objects));
        const forms = [JSON.stringify(objects, null, indent), objects.map((o) => JSON.stringify(o)).join('\n')];
        if (Object.keys(objects[0] ?? {}).length > 0) forms.push(JSON.stringify({ version: '1', data: objects }, null, 2));
        for (const form of forms) {
          await writeFile(file, form);
          expect((await rowsOf(await openTable(file))).map(({ cells }) => cells)).toEqual(plain);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says which line is none', async () => {
    const failure = await failureOf(opened('a.jsonl', '{"text":"a"}\n{"text":\n'));
    expect(failure?.code).toBe('data.unreadable');
    expect(failure?.message).toContain('2');
  });

  it('says that a list ends in the middle', async () => {
    expect((await failureOf(opened('a.json', '[{"text":"a"},{"text":"b"')))?.code).toBe('data.unreadable');
  });
});

describe('plain text', () => {
  it('is paragraphs where blank lines part them, else lines', async () => {
    const paragraphs = await rowsOf(await opened('a.txt', 'One.\nGoes on.\n\n\nTwo.\n<|endoftext|>\nThree.\n'));
    expect(paragraphs.map(({ line, cells }) => [line, cells.text])).toEqual([
      [1, 'One.\nGoes on.'],
      [5, 'Two.'],
      [7, 'Three.'],
    ]);
    const lines = await rowsOf(await opened('a.txt', 'One, as it is.\nTwo\nThree'));
    expect(lines.map(({ cells }) => cells.text)).toEqual(['One, as it is.', 'Two', 'Three']);
  });
});

describe('what is no table', () => {
  it.each([
    ['a picture named .csv', 'a.csv', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01', 'latin1')],
    ['a damaged gzip', 'a.csv.gz', gzipSync('text,label\n'.repeat(5000)).subarray(0, 60)],
    ['text named .parquet', 'a.parquet', Buffer.from('text,label\na,b\n')],
    ['an empty .parquet', 'a.parquet', Buffer.alloc(0)],
  ])('is refused by name: %s', async (_name, name, bytes) => {
    const failure = await failureOf(opened(name, bytes));
    expect(failure?.code).toBe('data.unreadable');
    expect(failure?.message).toContain(name);
  });

  it.each(['a.csv', 'a.jsonl', 'a.txt', 'a.json'])('a line of 100 MB in %s is refused before it is held', async (name) => {
    const root = await folderOf({});
    const file = await open(join(root, name), 'w');
    const chunk = Buffer.alloc(1 << 20, 'text and ');
    if (name === 'a.json') await file.write('[{"text": "');
    for (let i = 0; i < 100; i++) await file.write(chunk);
    await file.close();
    const before = process.memoryUsage().rss;
    const failure = await failureOf(openTable(join(root, name)).then(rowsOf));
    expect(failure?.code).toBe('data.unreadable');
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });
});
