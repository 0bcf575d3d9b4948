import type { Engine, TensorData } from '../../../src/core/engine';
import { forwardAll, type Scope } from '../../../src/core/nn';
import type { LoadedTextModel } from '../../../src/core/weights';

/** Inputs by the names that transformers gives them. */
export type TextInputs = Readonly<Record<string, TensorData>>;

/** Ours → transformers'; the ids themselves are `input_ids`. */
export const besideNames: Readonly<Record<string, string>> = {
  mask: 'attention_mask',
  types: 'token_type_ids',
  decoderIds: 'decoder_input_ids',
  decoderMask: 'decoder_attention_mask',
};

/** A text model as a function of inputs of these shapes, in inference mode: → logits. */
export async function answering(engine: Pick<Engine, 'compile'>, { model, tensors }: LoadedTextModel, like: TextInputs) {
  const program = await engine.compile(
    ({ constants, inputs }) => {
      const scope: Scope = {
        tensor: (name) => constants[name] as NonNullable<(typeof constants)[string]>,
        beside: (name) => inputs[besideNames[name] as string],
        learns: () => false,
        training: false,
        update: () => undefined,
      };
      return { outputs: { y: forwardAll(model.chain, inputs.input_ids as NonNullable<typeof inputs.x>, scope) } };
    },
    { state: new Map(), constants: tensors, inputs: like },
  );
  return {
    logits: async (inputs: TextInputs) => {
      const { y } = await program.run(Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])));
      return (y as TensorData).data as Float32Array;
    },
    dispose: () => program.dispose(),
  };
}

export async function logitsOfText(engine: Pick<Engine, 'compile'>, loaded: LoadedTextModel, inputs: TextInputs): Promise<Float32Array> {
  const program = await answering(engine, loaded, inputs);
  const logits = await program.logits(inputs);
  await program.dispose();
  return logits;
}
