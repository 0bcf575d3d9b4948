import { StringDecoder } from 'node:string_decoder';

/** No request is near this long; a peer that sends more without a line's end does not speak our language. */
const longestLine = 1 << 20;

/**
 * The lines of a byte stream, without their ends; a last one without an end is left out, for it may be torn.
 * @throws Error when a line grows beyond 1 MiB
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) yield line;
    if (rest.length > longestLine) throw new Error('A line is longer than 1 MiB.');
  }
}
