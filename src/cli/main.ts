import { CommanderError } from 'commander';
import type { Failure } from '../protocol/failure';
import { loadLanguage } from '../trainer/language';
import { Output } from './output';
import { programFor } from './program';

async function main(args: string[]): Promise<number> {
  loadLanguage();
  // Known before the command line is, because a command line that cannot be understood is reported as JSON too.
  const output = new Output(args.includes('--json'));
  try {
    let code = 0;
    const program = programFor(output, (given) => {
      code = given;
    });
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help, --version
    const { asFailure, exitCode } = await import('../protocol/failure');
    const failure = error instanceof CommanderError ? usageFailure(error) : asFailure(error);
    output.failure(failure);
    return exitCode(failure.code);
  }
}

function usageFailure(error: CommanderError): Failure {
  return { code: 'usage', message: error.message.replace(/^error: /, ''), hint: 'thaw --help' };
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  // Should anything (a native library's thread) keep the process, it ends all the same, once the output is out.
  process.stdout.write('', () => setTimeout(() => process.exit(), 2_000).unref());
});
