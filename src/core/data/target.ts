/** What a model wants its pictures to be. */
export interface ImageTarget {
  /** Side of the square, pixels. */
  readonly size: number;
  /** Share of the shorter side that the centre crop keeps (timm's crop_pct): resize to size / crop, then crop. */
  readonly crop: number;
  readonly interpolation: 'bicubic' | 'bilinear';
  /** Of values in 0…1, by channel: (x − mean) / std. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}
