import type { Program } from '../engine/engine';

/** One program for each form, all over the state of the first. */
export class Programs {
  private readonly ofForm = new Map<number, Promise<Program>>();
  first: Program | undefined;

  of(form: number, compile: (sharing: Program | undefined) => Promise<Program>): Promise<Program> {
    const known = this.ofForm.get(form);
    if (known) return known;
    const made = compile(this.first);
    this.ofForm.set(form, made);
    return made.then((program) => {
      this.first ??= program;
      return program;
    });
  }

  async dispose(): Promise<void> {
    for (const program of this.ofForm.values()) await (await program).dispose();
  }
}
