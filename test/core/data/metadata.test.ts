import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMetadata } from '../../../src/core/data/metadata';
import { ThawError } from '../../../src/protocol/failure';

const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.trim());
const name = cell.filter((text) => text !== '');
const rows = fc.array(fc.record({ fileName: name, label: cell, split: fc.constantFrom('', 'train', 'test') }), { maxLength: 20 });
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('tables beside pictures', () => {
  test('a CSV reads as it was written, whatever is in its cells', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, end) => {
        const lines = table.map((row) => [row.split, row.fileName, row.label].map(quoted).join(','));
        expect(parseMetadata('metadata.csv', ['split,file_name,label', ...lines].join(end))).toEqual(table);
      }),
    );
  });

  test('JSON lines read as they were written', () => {
    fc.assert(
      fc.property(rows, (table) => {
        const lines = table.map((row) => JSON.stringify({ other: [1], file_name: row.fileName, class: row.label, split: row.split }));
        expect(parseMetadata('metadata.jsonl', lines.join('\n') || '{"file_name":"","class":"","split":""}')).toEqual(table);
      }),
    );
  });

  test('numbers and booleans are labels too; keys that objects have anyway are only names', () => {
    const text = '{"file_name":"a","label":0}\n{"file_name":"b","label":true,"__proto__":"x"}\n{"file_name":"c","label":{}}';
    expect(parseMetadata('metadata.jsonl', text).map((row) => row.label)).toEqual(['0', 'true', '']);
  });

  test('any text is a table or a named failure', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.array(fc.constantFrom('file_name', 'label', ',', '\n', '"', '{', '}', ':', '\r'))),
        fc.constantFrom('csv', 'jsonl'),
        (text, kind) => {
          try {
            parseMetadata(`metadata.${kind}`, Array.isArray(text) ? text.join('') : text);
          } catch (error) {
            expect(error).toBeInstanceOf(ThawError);
            expect((error as ThawError).failure.code).toBe('data.unsupported');
          }
        },
      ),
    );
  });
});
