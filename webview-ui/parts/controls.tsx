import type { ComponentChildren, CSSProperties, TargetedKeyboardEvent } from 'preact';
import { Icon, type IconName } from './icon';

interface ButtonProps {
  label: string;
  onClick: () => void;
  primary?: boolean;
  icon?: IconName;
  disabled?: boolean;
  title?: string;
}

export function Button({ label, onClick, primary = false, icon, disabled = false, title }: ButtonProps) {
  return (
    <button type="button" class={`button ${primary ? 'primary' : 'secondary'}`} disabled={disabled} title={title} onClick={onClick}>
      {icon && <Icon name={icon} />}
      <span>{label}</span>
    </button>
  );
}

export function IconButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button" title={label} aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** A deed that reads as a link: opening a file, showing examples. */
export function Link({ children, onClick }: { children: ComponentChildren; onClick: () => void }) {
  return (
    <button type="button" class="link" onClick={onClick}>
      {children}
    </button>
  );
}

interface SelectProps<T extends string | number> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  /** Whether it only shows what was chosen. */
  fixed?: boolean;
  onChange: (value: T) => void;
}

/** A choice of a few, with its label. */
export function Select<T extends string | number>({ label, value, options, fixed = false, onChange }: SelectProps<T>) {
  return (
    <label class="form-field">
      <span>{label}</span>
      <select
        class="select"
        value={String(value)}
        disabled={fixed}
        onChange={(event) => {
          const chosen = options.find(([option]) => String(option) === event.currentTarget.value);
          if (chosen) onChange(chosen[0]);
        }}
      >
        {options.map(([option, words]) => (
          <option key={option} value={String(option)} selected={option === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Sizes that come from data, as custom properties: a style object goes through the CSSOM, which the CSP allows. */
export function sizes(values: { v?: string; w?: string; x?: string }): CSSProperties {
  const style: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) style[`--${name}`] = value;
  return style as CSSProperties;
}

export const share = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(3)}%` : '0%');

/** A grey bar of the size of what comes. */
export function Bone({ width, height = 12 }: { width: string; height?: number }) {
  return <span class="bone" style={sizes({ w: width, v: `${height}px` })} />;
}

/**
 * A translated sentence with its `{0}`, `{1}` … replaced by elements.
 * @param sentence what `l10n.t` gave without arguments.
 */
export function Rich({ sentence, parts }: { sentence: string; parts: ComponentChildren[] }) {
  return <>{sentence.split(/\{(\d+)\}/).map((piece, i) => (i % 2 === 0 ? piece : parts[Number(piece)]))}</>;
}

/** ← and → move inside a group of buttons of which one can be reached by Tab. */
export function arrowsMove(event: TargetedKeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  const next = buttons[(at + step + buttons.length) % buttons.length];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
  next.click();
}
